import type { LoadFigures } from './channel-load.ts'
import { runLoad } from './harness/channel-process.ts'
import { ddSpeed } from './harness/dd.ts'
import { Scratch } from './harness/scratch.ts'
import type { Bar, Question } from './question.ts'
import { median, withSpread } from './statistics.ts'

const BODY_BYTES = 120
const PUTS = [
  [1, 100],
  [1, 1000],
  [8, 100],
  [8, 1000],
  [64, 1000]
] as const
/** Block sizes of dd, and how much it writes. */
const BLOCKS = [
  [16 * 1024, 8e6],
  [128 * 1024, 64e6],
  [1024 * 1024, 256e6],
  [4 * 1024 * 1024, 512e6]
] as const
const TURN = 'put, take, commit'
/** One client while compression keeps all of Node's threads busy, and the same without threads of the log's own. */
const BUSY = '1 × 100, 4 gzip'
const BUSY_WITHOUT = '1 × 100, 4 gzip, no own threads'
const COMPRESSIONS = 4

/** How fast a durable log alone is, every put and commit synced, in turn with dd on the same disk. */
export const channel: Question = {
  names: { channel: 'the durable log alone: putters × batch, in turn with dd oflag=dsync' },
  async answer(bench) {
    const runs = new Map<string, LoadFigures[]>()
    const blocks = new Map<number, number[]>()
    for (let round = 1; round <= bench.pairs; round++) {
      for (const [putters, batch] of PUTS) {
        using scratch = new Scratch()
        add(runs, `${putters} × ${batch}`, runLoad('put', scratch.path, { putters, batch }))
      }
      using scratch = new Scratch()
      add(runs, TURN, runLoad('turn', scratch.path, { putters: 4 }))
      for (const [name, writers] of [
        [BUSY, 2],
        [BUSY_WITHOUT, 0]
      ] as const) {
        using folder = new Scratch()
        const given = { putters: 1, batch: 100, writers, compressions: COMPRESSIONS }
        add(runs, name, runLoad('put', folder.path, given))
      }
      for (const [size, bytes] of BLOCKS) add(blocks, size, ddSpeed(scratch.file('dd'), size, bytes))
      const largest = runs.get('64 × 1000')?.at(-1)
      bench.progress(
        `round ${round} of ${bench.pairs}: channel 64 × 1000 ${millions(largest).toFixed(2)} M events/s`
      )
    }
    const speed = (name: string): number => median((runs.get(name) ?? []).map(millions))
    const ratio = median(
      (runs.get('64 × 1000') ?? []).map(
        (run, round) => (millions(run) * 1e6 * BODY_BYTES) / (blocks.get(4 * 1024 * 1024)?.[round] ?? NaN)
      )
    )
    return {
      title: `A durable log alone, ${BODY_BYTES}-byte events, ${bench.pairs} rounds in turn with dd oflag=dsync: median (extremes)`,
      table: [
        ['putters × batch', 'M events/s', 'MB/s', 'put p50 ms', 'p99 ms', 'µs of CPU an event', 'peak MB'],
        ...[...runs].map(([name, figures]) => row(name, figures)),
        ...[...blocks].map(([size, speeds]) => [
          `dd bs=${size / 1024}K`,
          '',
          withSpread(
            speeds.map(value => value / 1e6),
            0
          ),
          '',
          '',
          '',
          ''
        ])
      ],
      bars: bars(runs, { speed, ratio }),
      ratios: {
        'channel 64 × 1000/dd 4M': ratio,
        'channel 1 × 100 beside gzip, own threads/none': speed(BUSY) / speed(BUSY_WITHOUT)
      },
      problems: [...runs].flatMap(([name, figures]) =>
        figures.flatMap(({ problem }) => (problem === undefined ? [] : [`channel ${name}: ${problem}`]))
      )
    }
  }
}

function bars(
  runs: ReadonlyMap<string, readonly LoadFigures[]>,
  { speed, ratio }: { speed(name: string): number; ratio: number }
): Bar[] {
  const single = median((runs.get('1 × 100') ?? []).map(({ p50Ms }) => p50Ms))
  const peak = Math.max(...[...runs.values()].flat().map(({ peakMegabytes }) => peakMegabytes))
  return [
    {
      what: 'channel: 8 putters × 1000',
      value: speed('8 × 1000'),
      limit: 5,
      sense: 'at least',
      unit: 'M events/s'
    },
    {
      what: 'channel: 64 putters × 1000, of dd bs=4M',
      value: ratio,
      limit: 0.7,
      sense: 'at least',
      unit: '×'
    },
    { what: 'channel: 1 putter × 100, p50', value: single, limit: 0.5, sense: 'at most', unit: 'ms' },
    {
      what: 'channel: put, take, synced commit',
      value: speed(TURN),
      limit: 3.5,
      sense: 'at least',
      unit: 'M events/s'
    },
    { what: 'channel: peak memory', value: peak, limit: 300, sense: 'at most', unit: 'MB' }
  ]
}

function row(name: string, figures: readonly LoadFigures[]): string[] {
  return [
    name,
    withSpread(figures.map(millions), 2),
    median(figures.map(run => millions(run) * BODY_BYTES)).toFixed(0),
    withSpread(
      figures.map(({ p50Ms }) => p50Ms),
      2
    ),
    withSpread(
      figures.map(({ p99Ms }) => p99Ms),
      2
    ),
    median(figures.map(({ cpuSeconds, events }) => (cpuSeconds * 1e6) / events)).toFixed(3),
    withSpread(
      figures.map(({ peakMegabytes }) => peakMegabytes),
      0
    )
  ]
}

function millions(run: LoadFigures | undefined): number {
  return run === undefined ? NaN : run.events / run.seconds / 1e6
}

function add<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [value])
  else list.push(value)
}
