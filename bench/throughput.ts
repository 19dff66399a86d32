import {
  configuration,
  fileRoll,
  HDFS_SINK,
  startAgent,
  throughputConfiguration,
  WIDE_CHANNEL
} from './harness/agent.ts'
import type { Contestant } from './harness/contestant.ts'
import { deliveredByMetrics, METRICS } from './harness/metrics.ts'
import { runOnce, type Run } from './harness/run.ts'
import type { Answer, Bar, Bench, Question } from './question.ts'
import { median, withSpread } from './statistics.ts'

const VERSION = () => 'this work tree'
const WITHOUT_ANSWERS = { 'ack-every-event': false }

const toFile: Contestant = {
  name: 'file',
  version: VERSION,
  start: ({ scratch, port, output }) => startAgent(scratch, port, throughputConfiguration(port, output))
}

const acknowledged: Contestant = {
  name: 'acknowledged',
  version: VERSION,
  start: ({ scratch, port, output }) =>
    startAgent(scratch, port, configuration(port, { channel: WIDE_CHANNEL, sink: fileRoll(output) }))
}

const toHdfs: Contestant = {
  name: 'hdfs',
  version: VERSION,
  start: ({ scratch, port, output }) =>
    startAgent(
      scratch,
      port,
      configuration(port, { source: WITHOUT_ANSWERS, channel: WIDE_CHANNEL, sink: HDFS_SINK }),
      { store: output }
    )
}

const toNull: Contestant = {
  name: 'null',
  version: VERSION,
  async start({ scratch, port }) {
    const sink = { type: 'null', batchSize: 1000 }
    return startAgent(
      scratch,
      port,
      configuration(port, { source: WITHOUT_ANSWERS, channel: WIDE_CHANNEL, sink }),
      { flags: METRICS(port) }
    )
  },
  delivered: ({ port }) => deliveredByMetrics(port)
}

/** How many lines a second go through one connection, in turn with other programs. */
export const throughput: Question = {
  names: {
    file: 'netcat → memory → file_roll, no answers; with the peers',
    acknowledged: 'the same, every line answered with OK',
    hdfs: 'netcat → memory → hdfs DataStream on an embedded store',
    null: 'netcat → memory → null'
  },
  async answer(bench, chosen) {
    const ours = [toFile, acknowledged, toHdfs, toNull].filter(
      ({ name }) => name === 'file' || chosen.includes(name)
    )
    const contestants = [...ours, ...bench.peers]
    const series: Series = new Map(contestants.map(({ name }) => [name, []]))
    for (let round = 1; round <= bench.pairs; round++) {
      for (const contestant of contestants) {
        const run = await runOf(contestant, bench)
        series.get(contestant.name)?.push(run)
        const outcome = run.problem ?? `${(run.linesPerSecond / 1e6).toFixed(2)} M lines/s`
        bench.progress(`round ${round} of ${bench.pairs}: ${contestant.name} ${outcome}`)
      }
    }
    return report(
      series,
      bench,
      ours.map(({ name }) => name)
    )
  }
}

/** A run that failed counts as one without a speed, and as a problem. */
async function runOf(contestant: Contestant, bench: Bench): Promise<Run> {
  const mode = contestant === acknowledged ? 'answers' : 'blast'
  try {
    return await runOnce(bench, contestant, { mode, connections: 1, lines: bench.lines })
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

type Series = Map<string, Run[]>
type Measure = 'linesPerSecond' | 'seconds' | 'cpuSeconds'

/** Median of the ratios of runs of the same round. */
function ratio(
  series: Series,
  [name, other]: readonly [string, string],
  measure: Measure = 'linesPerSecond'
): number {
  const others = series.get(other) ?? []
  return median(
    (series.get(name) ?? []).map((run, round) => run[measure] / (others[round]?.[measure] ?? NaN))
  )
}

function report(series: Series, bench: Bench, ours: readonly string[]): Answer {
  const ratios: Record<string, number> = {}
  for (const name of ours) if (name !== 'file') ratios[`${name}/file`] = ratio(series, [name, 'file'])
  for (const { name } of bench.peers) ratios[`file/${name}`] = ratio(series, ['file', name])
  return {
    title: `${(bench.lines / 1e6).toFixed(2)} million lines of 126 bytes over one connection, ${bench.pairs} rounds in turn: median (extremes)`,
    table: [
      ['', 'M lines/s', '× file', 'seconds', 'CPU s', 'peak MB', 'stop ms'],
      ...[...series].map(([name, runs]) => row(name, runs, ratio(series, [name, 'file'])))
    ],
    bars: bars(series),
    ratios,
    problems: [...series].flatMap(([name, runs]) => runs.flatMap(run => problemsOf(name, run, ours)))
  }
}

function row(name: string, runs: readonly Run[], timesFile: number): string[] {
  const spread = (measure: (run: Run) => number, digits: number): string =>
    withSpread(runs.map(measure), digits)
  return [
    name,
    spread(run => run.linesPerSecond / 1e6, 2),
    timesFile.toFixed(2),
    spread(run => run.seconds, 3),
    spread(run => run.cpuSeconds, 2),
    spread(run => run.peakMegabytes, 0),
    spread(run => run.stopMs, 0)
  ]
}

// A peer that loses lines is its own business, but it has to be seen.
function problemsOf(name: string, run: Run, ours: readonly string[]): string[] {
  if (run.problem === undefined) return []
  return [`${ours.includes(name) ? '' : 'peer '}${name}: ${run.problem}`]
}

function bars(series: Series): Bar[] {
  const found: Bar[] = []
  const add = (what: string, value: number, sense: Bar['sense'], [limit, unit]: [number, string]): void => {
    if (!Number.isNaN(value)) found.push({ what, value, limit, sense, unit })
  }
  const speed = (name: string, other: string): number => ratio(series, [name, other])
  add('file: speed of rsyslog', speed('file', 'rsyslog'), 'at least', [3, '×'])
  add('file: speed of Apache Flume', speed('file', 'flume'), 'at least', [6, '×'])
  add('file: time of socat', ratio(series, ['file', 'socat'], 'seconds'), 'at most', [4, '×'])
  add('file: CPU of rsyslog', ratio(series, ['file', 'rsyslog'], 'cpuSeconds'), 'at most', [0.3, '×'])
  add('acknowledged: speed of file', speed('acknowledged', 'file'), 'at least', [0.6, '×'])
  add('hdfs: speed of file', speed('hdfs', 'file'), 'at least', [0.7, '×'])
  for (const name of ['file', 'acknowledged', 'hdfs', 'null']) {
    add(
      `${name}: peak memory`,
      Math.max(...(series.get(name)?.map(run => run.peakMegabytes) ?? [NaN])),
      'at most',
      [150, 'MB']
    )
  }
  return found
}
