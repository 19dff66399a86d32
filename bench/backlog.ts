import { durableConfiguration, fileChannel, startAgent } from './harness/agent.ts'
import type { LoadFigures } from './channel-load.ts'
import { runLoad } from './harness/channel-process.ts'
import { freePort, Scratch } from './harness/scratch.ts'
import type { Bench, Question } from './question.ts'
import { median, withSpread } from './statistics.ts'

const BODY_BYTES = 120
/** One gigabyte of bodies. */
const EVENTS = 8_333_000
const GIGABYTES = (EVENTS * BODY_BYTES) / 1e9

interface Round {
  readonly empty: number
  readonly sealed: number
  readonly verified: number
  readonly agentEmpty: number
  readonly agentSealed: number
  readonly drain: LoadFigures
}

/** What a backlog costs: starting over it, checking it, and draining it from the disk. */
export const backlog: Question = {
  names: { backlog: 'a sealed backlog of 1 GB: start over it, full check, drain from disk' },
  async answer(bench) {
    const rounds: Round[] = []
    using warm = new Scratch()
    await agentStart(warm) // fills the compile cache
    for (let round = 1; round <= bench.pairs; round++) {
      rounds.push(await measure())
      bench.progress(
        `round ${round} of ${bench.pairs}: backlog drained at ${speed(rounds.at(-1)?.drain).toFixed(2)} M events/s`
      )
    }
    return report(bench, rounds)
  }
}

async function measure(): Promise<Round> {
  using empty = new Scratch()
  using scratch = new Scratch()
  const folder = scratch.folder('data')
  runLoad('fill', folder, { events: EVENTS })
  return {
    empty: runLoad('open', empty.folder('data')).openMs,
    sealed: runLoad('open', folder).openMs,
    verified: runLoad('verify', folder).openMs,
    agentEmpty: await agentStart(empty),
    agentSealed: await agentStart(scratch),
    drain: runLoad('drain', folder)
  }
}

/** From exec until the port is open, which is once the channel is. Without a sink, so that the backlog stays. */
async function agentStart(scratch: Scratch): Promise<number> {
  const port = await freePort()
  const text = durableConfiguration(port, '', { ...fileChannel(scratch), capacity: 100_000_000 })
  const withoutSink = text
    .split('\n')
    .filter(line => !line.startsWith('a.sinks'))
    .join('\n')
  const agent = await startAgent(scratch, port, withoutSink)
  await agent.stop()
  return agent.startMs
}

type Each = (value: (round: Round) => number) => number[]

function report(bench: Bench, rounds: readonly Round[]) {
  const each: Each = value => rounds.map(value)
  return {
    title: `A backlog of ${(EVENTS / 1e6).toFixed(2)} million events, ${GIGABYTES.toFixed(1)} GB, in the page cache, ${bench.pairs} rounds: median (extremes)`,
    table: [['', ''], ...rows(each)],
    bars: bars(each),
    ratios: {},
    problems: rounds.flatMap(({ drain: { problem } }) =>
      problem === undefined ? [] : [`backlog: ${problem}`]
    )
  }
}

function rows(each: Each): string[][] {
  const row = (what: string, digits: number, value: (round: Round) => number): string[] => [
    what,
    withSpread(each(value), digits)
  ]
  return [
    row('open, empty, ms', 1, ({ empty }) => empty),
    row('open, sealed, ms', 1, ({ sealed }) => sealed),
    row('open, every byte checked, ms', 0, ({ verified }) => verified),
    row('agent, exec to listening, empty, ms', 0, ({ agentEmpty }) => agentEmpty),
    row('agent, exec to listening, backlog, ms', 0, ({ agentSealed }) => agentSealed),
    row('drain, M events/s', 2, ({ drain }) => speed(drain)),
    row('drain, µs of CPU an event', 3, ({ drain }) => (drain.cpuSeconds * 1e6) / drain.events),
    row('drain, peak MB', 0, ({ drain }) => drain.peakMegabytes)
  ]
}

function bars(each: Each) {
  const check = median(each(({ verified, sealed }) => (verified - sealed) / 1000 / GIGABYTES))
  return [
    atMost(
      'start over a sealed 1 GB, above an empty one',
      median(each(({ sealed, empty }) => sealed - empty)),
      100,
      'ms'
    ),
    atMost(
      'agent over a sealed 1 GB, above an empty one',
      median(each(({ agentSealed, agentEmpty }) => agentSealed - agentEmpty)),
      100,
      'ms'
    ),
    atMost('full check', check, 0.6, 's/GB'),
    {
      what: 'backlog: drain from disk',
      value: median(each(({ drain }) => speed(drain))),
      limit: 5,
      sense: 'at least' as const,
      unit: 'M events/s'
    },
    atMost('peak memory of the drain', Math.max(...each(({ drain }) => drain.peakMegabytes)), 250, 'MB')
  ]
}

function atMost(what: string, value: number, limit: number, unit: string) {
  return { what: `backlog: ${what}`, value, limit, sense: 'at most' as const, unit }
}

function speed(run: LoadFigures | undefined): number {
  return run === undefined ? NaN : run.events / run.seconds / 1e6
}
