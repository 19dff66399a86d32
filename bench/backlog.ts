import { durableConfiguration, fileChannel, startAgent } from './harness/agent.ts'
import type { LoadFigures } from './channel-load.ts'
import { runLoad } from './harness/channel-process.ts'
import { freePort, Scratch } from './harness/scratch.ts'
import type { Bench, Question } from './question.ts'
import { median, withSpread } from './statistics.ts'

const BODY_BYTES = 120
/** One gigabyte of bodies. */
const EVENTS = 8_333_000

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

function report(bench: Bench, rounds: readonly Round[]) {
  const gigabytes = (EVENTS * BODY_BYTES) / 1e9
  const each = (value: (round: Round) => number): number[] => rounds.map(value)
  const over = median(each(({ sealed, empty }) => sealed - empty))
  const agentOver = median(each(({ agentSealed, agentEmpty }) => agentSealed - agentEmpty))
  const check = median(each(({ verified, sealed }) => (verified - sealed) / 1000 / gigabytes))
  const drained = median(each(({ drain }) => speed(drain)))
  const peak = Math.max(...each(({ drain }) => drain.peakMegabytes))
  return {
    title: `A backlog of ${(EVENTS / 1e6).toFixed(2)} million events, ${gigabytes.toFixed(1)} GB, in the page cache, ${bench.pairs} rounds: median (extremes)`,
    table: [
      ['', ''],
      [
        'open, empty, ms',
        withSpread(
          each(({ empty }) => empty),
          1
        )
      ],
      [
        'open, sealed, ms',
        withSpread(
          each(({ sealed }) => sealed),
          1
        )
      ],
      [
        'open, every byte checked, ms',
        withSpread(
          each(({ verified }) => verified),
          0
        )
      ],
      [
        'agent, exec to listening, empty, ms',
        withSpread(
          each(({ agentEmpty }) => agentEmpty),
          0
        )
      ],
      [
        'agent, exec to listening, backlog, ms',
        withSpread(
          each(({ agentSealed }) => agentSealed),
          0
        )
      ],
      [
        'drain, M events/s',
        withSpread(
          each(({ drain }) => speed(drain)),
          2
        )
      ],
      [
        'drain, µs of CPU an event',
        withSpread(
          each(({ drain }) => (drain.cpuSeconds * 1e6) / drain.events),
          3
        )
      ],
      [
        'drain, peak MB',
        withSpread(
          each(({ drain }) => drain.peakMegabytes),
          0
        )
      ]
    ],
    bars: [
      {
        what: 'backlog: start over a sealed 1 GB, above an empty one',
        value: over,
        limit: 100,
        sense: 'at most' as const,
        unit: 'ms'
      },
      {
        what: 'backlog: agent over a sealed 1 GB, above an empty one',
        value: agentOver,
        limit: 100,
        sense: 'at most' as const,
        unit: 'ms'
      },
      { what: 'backlog: full check', value: check, limit: 0.6, sense: 'at most' as const, unit: 's/GB' },
      {
        what: 'backlog: drain from disk',
        value: drained,
        limit: 5,
        sense: 'at least' as const,
        unit: 'M events/s'
      },
      {
        what: 'backlog: peak memory of the drain',
        value: peak,
        limit: 250,
        sense: 'at most' as const,
        unit: 'MB'
      }
    ],
    ratios: {},
    problems: rounds.flatMap(({ drain: { problem } }) =>
      problem === undefined ? [] : [`backlog: ${problem}`]
    )
  }
}

function speed(run: LoadFigures | undefined): number {
  return run === undefined ? NaN : run.events / run.seconds / 1e6
}
