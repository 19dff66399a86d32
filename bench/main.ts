/** `npm run bench`: answers questions about speed, with other programs in turn, and compares with the baseline. */
import { readFileSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { compare, readBaseline, writeBaseline } from './baseline.ts'
import { backlog } from './backlog.ts'
import { batch } from './batch.ts'
import { channel } from './channel.ts'
import { clients } from './clients.ts'
import { crowd } from './crowd.ts'
import { durable } from './durable.ts'
import type { Contestant } from './harness/contestant.ts'
import { loadCommand } from './harness/load-client.ts'
import { Scratch } from './harness/scratch.ts'
import { idle } from './idle.ts'
import { latency } from './latency.ts'
import { readOptions, USAGE, type Options } from './options.ts'
import { checkout } from './peers/checkout.ts'
import { flume, installFlume } from './peers/flume/flume.ts'
import { nodeCopy } from './peers/node-copy.ts'
import { rsyslog } from './peers/rsyslog.ts'
import { socat } from './peers/socat.ts'
import { syslogNg } from './peers/syslog-ng.ts'
import type { Answer, Question } from './question.ts'
import { formatAnswer, formatBars, formatComparisons, formatMarkdown, machine } from './report.ts'
import { scan } from './scan.ts'
import { slowSink } from './slow-sink.ts'
import { startUp } from './start-up.ts'
import { stop } from './stop.ts'
import { throughput } from './throughput.ts'

const QUESTIONS: readonly Question[] = [
  throughput,
  durable,
  channel,
  backlog,
  clients,
  crowd,
  slowSink,
  startUp,
  stop,
  idle,
  latency,
  batch,
  scan
]
const NOT_USUAL: readonly Question[] = [batch, scan]
const PEERS: readonly Contestant[] = [socat, rsyslog, syslogNg, flume, nodeCopy]

process.on('SIGINT', () => process.exit(130)) // the exit handlers end children and remove folders
process.on('SIGTERM', () => process.exit(143))

const options = readOptions(process.argv.slice(2))
if (options.isHelp) console.log(`${USAGE}\n${help()}`)
else process.exitCode = await main(options)

async function main(asked: Options): Promise<number> {
  const unknown = asked.names.filter(name => !QUESTIONS.some(({ names }) => name in names))
  if (unknown.length > 0) {
    console.error(`There is no question ${unknown.join(', ')}. There are:\n${help()}`)
    return 2
  }
  using scratch = new Scratch()
  const load = loadCommand(scratch)
  const peers = findPeers(asked)
  const surroundings = [
    machine(),
    `Load average before ${loadavg()
      .map(value => value.toFixed(2))
      .join(' ')}`,
    ...peers.lines,
    ...(load.isNative ? [] : ['No C compiler: the load comes from a Node program and may be the limit'])
  ]
  console.log(surroundings.join('\n'))
  const answers = await answerAll(asked, { load, peers: peers.present })
  if (asked.markdown !== undefined) writeResults(asked.markdown, formatMarkdown(surroundings, answers))
  return judge(asked, answers, surroundings)
}

async function answerAll(
  asked: Options,
  { load, peers }: { load: ReturnType<typeof loadCommand>; peers: readonly Contestant[] }
): Promise<Answer[]> {
  const bench = {
    ...asked,
    load,
    peers,
    progress: (text: string) => {
      console.error(`  ${text}`)
    }
  }
  const answers: Answer[] = []
  for (const question of QUESTIONS) {
    const chosen = Object.keys(question.names).filter(name =>
      asked.names.length === 0 ? !NOT_USUAL.includes(question) : asked.names.includes(name)
    )
    if (chosen.length === 0) continue
    const answer = await question.answer(bench, chosen).catch(error => unanswered(chosen, error))
    console.log(formatAnswer(answer))
    answers.push(answer)
  }
  return answers
}

function unanswered(names: readonly string[], error: unknown): Answer {
  const title = `${names.join(', ')}: not answered`
  return { title, table: [], bars: [], ratios: {}, problems: [`${names.join(', ')}: ${String(error)}`] }
}

/** Prints bars, comparison and problems; the exit status. */
function judge(asked: Options, answers: readonly Answer[], surroundings: readonly string[]): number {
  const ratios = Object.assign({}, ...answers.map(answer => answer.ratios)) as Record<string, number>
  const comparisons = asked.isBaselineWritten ? [] : compare(ratios, readBaseline())
  const problems = answers.flatMap(answer => answer.problems)
  console.log(formatBars(answers.flatMap(({ bars }) => bars)))
  console.log(formatComparisons(comparisons))
  for (const problem of problems) console.log(`\nPROBLEM ${problem}`)
  if (asked.isBaselineWritten) writeBaseline(ratios)
  if (asked.json !== undefined) {
    writeFileSync(
      asked.json,
      `${JSON.stringify({ surroundings, options: asked, answers, comparisons }, undefined, 2)}\n`
    )
  }
  const isBroken = problems.some(problem => !problem.startsWith('peer '))
  return isBroken || comparisons.some(({ isSlower }) => isSlower) ? 1 : 0
}

function findPeers({ peers: wanted, against }: Options): { present: Contestant[]; lines: string[] } {
  const reason = wanted?.includes(flume.name) === true ? installFlume() : undefined
  const named = PEERS.filter(({ name }) => wanted === undefined || wanted.includes(name))
  const present: Contestant[] = []
  const lines: string[] = []
  for (const peer of [...(against === undefined ? [] : [checkout(against)]), ...named]) {
    const version = peer.version()
    if (version !== undefined) present.push(peer)
    lines.push(
      `Peer ${peer.name}: ${version ?? `absent${peer === flume && reason !== undefined ? `, ${reason}` : ''}`}`
    )
  }
  return { present, lines }
}

function writeResults(file: string, results: string): void {
  const text = readFileSync(file, 'utf8')
  const at = text.indexOf('\n## Results')
  writeFileSync(file, `${at < 0 ? text.trimEnd() + '\n' : text.slice(0, at)}\n${results}`)
}

function help(): string {
  return QUESTIONS.flatMap(({ names }) => Object.entries(names))
    .map(([name, text]) => `  ${name.padEnd(14)} ${text}`)
    .join('\n')
}
