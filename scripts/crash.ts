// npm run crash [-- options]: the proof of the durable channels; see docs/guide/crash-proof.md.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Amounts, kept, type Outcome, runPart } from './crash-part.ts'
import { HOME } from './home.ts'

const USAGE = `npm run crash -- [options]
  --kills N      agents to kill with each channel and setting (default 100)
  --stories N    random stories on the simulated disk (default 5000)
  --damages N    rounds of each kind of damage (default 500)
  --minutes M    begin again with other seeds until so much time is over (default 0: once)
  --seed S       what is random: the numbers, sizes and places; moments depend on the machine
  --only A,B     these parts only

Everything once takes about an hour with two cores, and 3 GB of TMPDIR. Linux only; a disk that is really full needs root.`

const SUFFIX = '.test.ts'

/** What the parts show, quickest first; a part that is not listed comes last. */
const TITLES: Readonly<Record<string, string>> = {
  harness: 'The stories notice logs that break their word',
  'delivery-judge': 'The judge of the kills notices what is lost, twice, or out of order',
  simulated: 'A disk that loses, tears, reorders, fails and fills',
  encryption: 'The same, encrypted and compressed',
  leaving: 'Folders and files that leave and come back',
  damage: 'Damage anywhere in any file',
  'full-disk': 'A disk that is really full',
  backlog: 'Ten million events of backlog',
  kill: 'File channels killed at full load',
  'other-channels': 'Other channels killed at full load'
}

const options = {
  kills: { type: 'string', default: '100' },
  stories: { type: 'string', default: '5000' },
  damages: { type: 'string', default: '500' },
  minutes: { type: 'string', default: '0' },
  seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  only: { type: 'string' },
  help: { type: 'boolean', default: false }
} as const

interface Request {
  readonly amounts: Amounts
  readonly minutes: number
  readonly parts: readonly string[]
}

/** What is asked for; undefined when it cannot be understood. */
function requested(): Request | undefined {
  const { values } = parseArgs({ options })
  const [kills = NaN, stories = NaN, damages = NaN, seed = NaN] = [
    values.kills,
    values.stories,
    values.damages,
    values.seed
  ].map(Number)
  const minutes = Number(values.minutes)
  const all = partsBelow(join(HOME, 'test', 'crash'))
  const parts = values.only?.split(',') ?? all
  const numbers = [kills, stories, damages].every(number => Number.isSafeInteger(number) && number > 0)
  const times = Number.isSafeInteger(seed) && seed >= 0 && minutes >= 0
  if (values.help || !numbers || !times || !parts.every(part => all.includes(part))) return undefined
  return { amounts: { kills, stories, damages, seed }, minutes, parts }
}

function partsBelow(folder: string): string[] {
  const found = readdirSync(folder)
    .filter(name => name.endsWith(SUFFIX))
    .map(name => name.slice(0, -SUFFIX.length))
  const listed = Object.keys(TITLES).filter(part => found.includes(part))
  return [...listed, ...found.filter(part => !listed.includes(part))]
}

async function main(): Promise<number> {
  const request = requested()
  if (request === undefined) {
    console.log(`${USAGE}\n\nParts: ${partsBelow(join(HOME, 'test', 'crash')).join(', ')}`)
    return process.argv.includes('--help') ? 0 : 2
  }
  const stopping = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopping.abort())
  const folder = mkdtempSync(join(tmpdir(), 'millrace-crash-'))
  try {
    return summary(await rounds(request, folder, stopping.signal), request)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function rounds(request: Request, folder: string, stop: AbortSignal): Promise<Outcome[]> {
  const { parts, minutes } = request
  const end = Date.now() + minutes * 60_000
  const outcomes: Outcome[] = []
  let { amounts } = request
  do {
    for (const [i, part] of parts.entries()) {
      if (stop.aborted) return outcomes
      console.log(`\n[${i + 1}/${parts.length}] ${TITLES[part] ?? part} (seed ${amounts.seed})`)
      outcomes.push(await runPart(part, amounts, join(folder, part), stop))
    }
    amounts = { ...amounts, seed: amounts.seed + 1 }
  } while (Date.now() < end && outcomes.every(kept))
  return outcomes
}

function summary(outcomes: readonly Outcome[], { parts, amounts }: Request): number {
  const { kills, stories, damages } = amounts
  console.log(`\nWhat was run, with --kills ${kills} --stories ${stories} --damages ${damages}`)
  for (const outcome of outcomes) {
    const { part, seed, seconds, passed, failed, cut } = outcome
    const counts = `${passed} tests passed${failed > 0 ? `, ${failed} failed` : ''}`
    const word = cut === undefined ? (kept(outcome) ? 'kept  ' : 'BROKEN') : 'CUT   '
    console.log(`  ${word} ${part.padEnd(14)} seed ${seed}, ${seconds.toFixed()} s: ${cut ?? counts}`)
    for (const line of outcome.done) console.log(`           ${line}`)
    for (const line of outcome.skipped) console.log(`           NOT RUN: ${line}`)
  }
  const never = parts.filter(part => !outcomes.some(outcome => outcome.part === part))
  if (never.length > 0) console.log(`  Not run at all: ${never.join(', ')}`)
  const broken = outcomes.find(outcome => !kept(outcome))
  if (broken === undefined && never.length === 0) {
    console.log('Every promise that was tried was kept.')
    return 0
  }
  const { part, seed } = broken ?? { part: never[0], seed: amounts.seed }
  console.log(
    `Repeat with: npm run crash -- --only ${part} --seed ${seed} --kills ${kills} --stories ${stories} --damages ${damages}`
  )
  return 1
}

process.exitCode = await main()
