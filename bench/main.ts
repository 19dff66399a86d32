/** `npm run bench`: answers questions about speed, with other programs in turn, and compares with the baseline. */
import { writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { compare, readBaseline, writeBaseline } from './baseline.ts'
import { batch } from './batch.ts'
import { clients } from './clients.ts'
import { checkout } from './peers/checkout.ts'
import type { Contestant } from './harness/contestant.ts'
import { loadCommand } from './harness/load-client.ts'
import { Scratch } from './harness/scratch.ts'
import { idle } from './idle.ts'
import { latency } from './latency.ts'
import { readOptions, USAGE, type Options } from './options.ts'
import { flume, installFlume } from './peers/flume/flume.ts'
import { nodeCopy } from './peers/node-copy.ts'
import { rsyslog } from './peers/rsyslog.ts'
import { socat } from './peers/socat.ts'
import type { Answer, Question } from './question.ts'
import { formatAnswer, formatBars, formatComparisons, machine } from './report.ts'
import { scan } from './scan.ts'
import { slowSink } from './slow-sink.ts'
import { startUp } from './start-up.ts'
import { stop } from './stop.ts'
import { throughput } from './throughput.ts'

const QUESTIONS: readonly Question[] = [throughput, clients, slowSink, startUp, stop, idle, latency, batch, scan]
const NOT_USUAL: readonly Question[] = [batch, scan]
const PEERS: readonly Contestant[] = [socat, rsyslog, flume, nodeCopy]

process.on('SIGINT', () => process.exit(130))       // the exit handlers end children and remove folders
process.on('SIGTERM', () => process.exit(143))

const options = readOptions(process.argv.slice(2))
if (options.isHelp) console.log(`${USAGE}\n${help()}`)
else process.exitCode = await main(options)

async function main (asked: Options): Promise<number> {
  const unknown = asked.names.filter(name => !QUESTIONS.some(({ names }) => name in names))
  if (unknown.length > 0) {
    console.error(`There is no question ${unknown.join(', ')}. There are:\n${help()}`)
    return 2
  }
  const answers = await answerAll(asked)
  const ratios = Object.assign({}, ...answers.map(answer => answer.ratios)) as Record<string, number>
  const comparisons = compare(ratios, readBaseline())
  const problems = answers.flatMap(answer => answer.problems)
  console.log(formatBars(answers.flatMap(({ bars }) => bars)))
  if (asked.isBaselineWritten) writeBaseline(ratios)
  else console.log(formatComparisons(comparisons))
  for (const problem of problems) console.log(`\nPROBLEM ${problem}`)
  if (asked.json !== undefined) {
    writeFileSync(asked.json, `${JSON.stringify({ machine: machine(), options: asked, answers, comparisons }, undefined, 2)}\n`)
  }
  const failures = problems.filter(problem => !problem.startsWith('peer '))
  return failures.length > 0 || (!asked.isBaselineWritten && comparisons.some(({ isSlower }) => isSlower)) ? 1 : 0
}

async function answerAll (asked: Options): Promise<Answer[]> {
  using scratch = new Scratch()
  const load = loadCommand(scratch)
  console.log(machine())
  console.log(`Load average ${loadavg().map(value => value.toFixed(2)).join(' ')}; figures of a busy machine mean little.`)
  if (!load.isNative) console.log('No C compiler: the load comes from a Node program and may be the limit.')
  const bench = {
    ...asked, load, peers: findPeers(asked), progress: (text: string) => { console.error(`  ${text}`) }
  }
  const answers: Answer[] = []
  for (const question of QUESTIONS) {
    const chosen = Object.keys(question.names)
      .filter(name => asked.names.length === 0 ? !NOT_USUAL.includes(question) : asked.names.includes(name))
    if (chosen.length === 0) continue
    const answer = await question.answer(bench, chosen)
    console.log(formatAnswer(answer))
    answers.push(answer)
  }
  return answers
}

function findPeers ({ peers: wanted, against }: Options): Contestant[] {
  if (wanted?.includes(flume.name) === true) {
    const reason = installFlume()
    if (reason !== undefined) console.log(`Apache Flume is left out: ${reason}.`)
  }
  const named = PEERS.filter(({ name }) => wanted === undefined || wanted.includes(name))
  return [...against === undefined ? [] : [checkout(against)], ...named].filter(peer => {
    const version = peer.version()
    console.log(version === undefined ? `Peer ${peer.name} is absent.` : `Peer ${peer.name} ${version}`)
    return version !== undefined
  })
}

function help (): string {
  return QUESTIONS.flatMap(({ names }) => Object.entries(names)).map(([name, text]) => `  ${name.padEnd(14)} ${text}`).join('\n')
}
