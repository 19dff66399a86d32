import { join } from 'node:path'
import { durableConfiguration, fileChannel, memoryChannel, startAgent } from './harness/agent.ts'
import type { Contestant } from './harness/contestant.ts'
import { runOnce, type Run } from './harness/run.ts'
import type { Answer, Bar, Bench, Question } from './question.ts'
import { median, withSpread } from './statistics.ts'

const VERSION = () => 'this work tree'

/** Events of one transaction, and of one batch of the sink, where they are few. */
const SMALL = 1000
const SLOW_DISK = join(import.meta.dirname, 'slow-disk.ts')

const OURS: readonly Contestant[] = [
  onFiles('durable'),
  inMemory('memory channel'),
  onFiles('durable × 1000', SMALL),
  inMemory('memory channel × 1000', SMALL),
  onFiles('durable, slow disk', undefined, SLOW_DISK),
  onFiles('durable × 1000, slow disk', SMALL, SLOW_DISK)
]

function onFiles(name: string, batch?: number, preload?: string): Contestant {
  return {
    name,
    version: VERSION,
    start: ({ scratch, port, output }) =>
      startAgent(
        scratch,
        port,
        durableConfiguration(port, output, fileChannel(scratch, batch)),
        preload === undefined ? {} : { preload }
      )
  }
}

function inMemory(name: string, batch?: number): Contestant {
  return {
    name,
    version: VERSION,
    start: ({ scratch, port, output }) =>
      startAgent(scratch, port, durableConfiguration(port, output, memoryChannel(batch)))
  }
}

/** What the baseline keeps. */
const COMPARED = [
  ['durable', 'memory channel'],
  ['durable × 1000', 'durable'],
  ['durable × 1000', 'memory channel × 1000'],
  ['durable, slow disk', 'durable'],
  ['durable × 1000, slow disk', 'durable × 1000']
] as const

type Series = Map<string, Run[]>

/** How fast a whole agent is whose channel syncs every put, in turn with a memory channel and with other durable queues. */
export const durable: Question = {
  names: { durable: 'netcat → file channel → file_roll, no answers; with the durable queues of the peers' },
  async answer(bench) {
    const peers = bench.peers.flatMap(peer => peer.durable ?? [])
    const contestants = [...OURS, ...peers]
    const series: Series = new Map(contestants.map(({ name }) => [name, []]))
    for (let round = 1; round <= bench.pairs; round++) {
      for (const contestant of contestants) {
        const run = await runOf(bench, contestant)
        series.get(contestant.name)?.push(run)
        const outcome = run.problem ?? `${(run.linesPerSecond / 1e6).toFixed(3)} M lines/s`
        bench.progress(`round ${round} of ${bench.pairs}: ${contestant.name} ${outcome}`)
      }
    }
    return report(bench, series, peers)
  }
}

async function runOf(bench: Bench, contestant: Contestant): Promise<Run> {
  try {
    return await runOnce(bench, contestant, { mode: 'blast', connections: 1, lines: bench.lines })
  } catch (error) {
    return {
      seconds: NaN,
      linesPerSecond: NaN,
      cpuSeconds: NaN,
      peakMegabytes: NaN,
      stopMs: NaN,
      problem: String(error)
    }
  }
}

function report(bench: Bench, series: Series, peers: readonly Contestant[]): Answer {
  const shares = new Map(peers.map(({ name, share }) => [name, share ?? 1]))
  const ratios: Record<string, number> = {}
  for (const [name, other] of COMPARED) ratios[`${name}/${other}`] = ratio(series, name, other)
  for (const { name } of peers) ratios[`durable/${name}`] = ratio(series, 'durable', name)
  return {
    title: `${(bench.lines / 1e6).toFixed(2)} million lines through a durable queue, ${bench.pairs} rounds in turn: median (extremes)`,
    table: [
      ['', 'lines', 'M lines/s', 'durable ×', 'µs of CPU a line', 'peak MB', 'stop ms'],
      ...[...series].map(([name, runs]) =>
        row({
          name,
          runs,
          lines: Math.ceil(bench.lines * (shares.get(name) ?? 1)),
          times: ratio(series, 'durable', name)
        })
      )
    ],
    bars: bars(series),
    ratios,
    problems: [...series].flatMap(([name, runs]) =>
      runs.flatMap(({ problem }) =>
        problem === undefined ? [] : [`${shares.has(name) ? 'peer ' : ''}${name}: ${problem}`]
      )
    )
  }
}

interface Row {
  readonly name: string
  readonly runs: readonly Run[]
  readonly lines: number
  readonly times: number
}

function row({ name, runs, lines, times }: Row): string[] {
  return [
    name,
    String(lines),
    withSpread(
      runs.map(run => run.linesPerSecond / 1e6),
      3
    ),
    times.toFixed(2),
    median(runs.map(run => (run.cpuSeconds * 1e6) / lines)).toFixed(2),
    withSpread(
      runs.map(run => run.peakMegabytes),
      0
    ),
    withSpread(
      runs.map(run => run.stopMs),
      0
    )
  ]
}

/** How many times as fast as another one is, in the same round. */
function ratio(series: Series, name: string, other: string): number {
  const others = series.get(other) ?? []
  return median(
    (series.get(name) ?? []).map((run, round) => run.linesPerSecond / (others[round]?.linesPerSecond ?? NaN))
  )
}

function bars(series: Series): Bar[] {
  const found: Bar[] = []
  const add = (what: string, value: number, sense: Bar['sense'], [limit, unit]: [number, string]): void => {
    if (!Number.isNaN(value)) found.push({ what, value, limit, sense, unit })
  }
  const speeds = (series.get('durable') ?? []).map(run => run.linesPerSecond / 1e6)
  add('durable: every put synced', median(speeds), 'at least', [3, 'M lines/s'])
  const times = (name: string, other: string): number => ratio(series, name, other)
  add('durable: time of the memory channel', times('memory channel', 'durable'), 'at most', [2.2, '×'])
  add('durable × 1000: speed of durable', times('durable × 1000', 'durable'), 'at least', [0.75, '×'])
  const small = times('durable × 1000', 'memory channel × 1000')
  add('durable × 1000: speed of the memory channel', small, 'at least', [0.6, '×'])
  add('durable: on a slow disk', times('durable, slow disk', 'durable'), 'at least', [0.5, '×'])
  const slow = times('durable × 1000, slow disk', 'durable × 1000')
  add('durable × 1000: on a slow disk', slow, 'at least', [0.5, '×'])
  add('durable: speed of syslog-ng', times('durable', 'syslog-ng durable'), 'at least', [8, '×'])
  add('durable: speed of Apache Flume', times('durable', 'flume file channel'), 'at least', [20, '×'])
  add(
    'durable: peak memory',
    Math.max(...(series.get('durable') ?? []).map(run => run.peakMegabytes)),
    'at most',
    [250, 'MB']
  )
  return found
}
