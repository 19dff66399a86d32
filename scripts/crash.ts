// npm run crash [-- --kills N --stories N --damages N --minutes M --seed S]: the proof of the durable channel.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { HOME } from './home.ts'

const USAGE = `npm run crash -- [options]
  --kills N     agents to kill (default 200)
  --stories N   random stories on the simulated disk (default 5000)
  --damages N   rounds of each kind of damage (default 500)
  --minutes M   go on with other seeds for so long (default 0: once)
  --seed S      repeat an earlier run`

/** The parts, quickest first. */
const PARTS = [
  ['harness', 'The stories notice logs that break their word'],
  ['simulated', 'A disk that loses, tears, reorders, fails and fills'],
  ['damage', 'Damage anywhere in any file'],
  ['full-disk', 'A disk that is really full'],
  ['backlog', 'Ten million events of backlog'],
  ['kill', 'Agents killed at full load']
] as const

const options = {
  kills: { type: 'string', default: '200' },
  stories: { type: 'string', default: '5000' },
  damages: { type: 'string', default: '500' },
  minutes: { type: 'string', default: '0' },
  seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  help: { type: 'boolean', default: false }
} as const

interface Outcome {
  readonly part: string
  readonly seed: number
  readonly seconds: number
  readonly passed: boolean
}

function main(): number {
  const { values } = parseArgs({ options })
  const numbers = [values.kills, values.stories, values.damages, values.minutes, values.seed].map(Number)
  if (values.help || numbers.some(number => !Number.isFinite(number) || number < 0)) {
    console.log(USAGE)
    return values.help ? 0 : 2
  }
  const end = Date.now() + Number(values.minutes) * 60_000
  const outcomes: Outcome[] = []
  let seed = Number(values.seed)
  do {
    for (const [part, title] of PARTS) {
      console.log(`\n${title} (seed ${seed})`)
      outcomes.push(run(part, seed, values))
    }
    seed++
  } while (Date.now() < end && outcomes.every(({ passed }) => passed))
  return summary(outcomes)
}

function run(
  part: string,
  seed: number,
  values: { kills: string; stories: string; damages: string }
): Outcome {
  const begun = Date.now()
  const env = {
    ...process.env,
    MILLRACE_KILLS: values.kills,
    MILLRACE_STORIES: values.stories,
    MILLRACE_DAMAGES: values.damages,
    MILLRACE_BACKLOG: '1',
    MILLRACE_SEED: String(seed)
  }
  const file = join('test', 'crash', `${part}.test.ts`)
  const { status } = spawnSync(process.execPath, ['--test', '--test-reporter=spec', file], {
    cwd: HOME,
    stdio: 'inherit',
    env
  })
  return { part, seed, seconds: (Date.now() - begun) / 1000, passed: status === 0 }
}

function summary(outcomes: readonly Outcome[]): number {
  console.log('\nSummary')
  for (const { part, seed, seconds, passed } of outcomes) {
    console.log(
      `  ${passed ? 'kept  ' : 'BROKEN'}  ${part.padEnd(10)}  seed ${seed}  ${seconds.toFixed(1)} s`
    )
  }
  const broken = outcomes.filter(({ passed }) => !passed)
  if (broken.length === 0) return 0
  console.log(`Repeat with: npm run crash -- --seed ${broken[0]?.seed}`)
  return 1
}

process.exitCode = main()
