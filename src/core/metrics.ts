import type { Timer } from './timer.ts'

/**
 * `counter`: only grows while the agent runs. `gauge`: goes up and down; true and false are 1 and 0. `timer`: how often
 * something happened and how long it took. `label`: words.
 */
export type MetricKind = 'counter' | 'gauge' | 'timer' | 'label'

/** What a number means; its name is the key under which it is declared. */
export interface Metric<K extends MetricKind = MetricKind> {
  readonly kind: K
  /** `events`, `bytes`, `ms`, a plural noun, or empty. */
  readonly unit: string
  /** A sentence for the manual and for monitors. */
  readonly help: string
}

export type Metrics = Readonly<Record<string, Metric>>
export type NoMetrics = Readonly<Record<never, Metric>>

export const counter = (unit: string, help: string): Metric<'counter'> => ({ kind: 'counter', unit, help })
export const gauge = (unit: string, help: string): Metric<'gauge'> => ({ kind: 'gauge', unit, help })
export const timer = (help: string): Metric<'timer'> => ({ kind: 'timer', unit: 'ms', help })
export const label = (help: string): Metric<'label'> => ({ kind: 'label', unit: '', help })

/** A table of what a component works on: files, connections, partitions. */
export interface DetailsDeclaration<Columns extends Metrics = Metrics> {
  /** What the rows are, as a heading. */
  readonly title: string
  /** Gauges and labels by name. */
  readonly columns: Columns
}

export type Reading = number | string | boolean
export type Readings = Readonly<Record<string, Reading>>

/** The rows of a details table as of now. Only the first 100 are read, so make them as they are asked for. */
export interface Details<Row extends object = Readings> {
  readonly total: number
  readonly rows: Iterable<{ readonly name: string } & Row>
}

/** What monitoring asks of a component that declares it. Both are called at any time, started or not, and often. */
export interface Observed {
  /** Declared gauges and labels, and counters that are not in `context.counters`. */
  gauges?(): Readings
  details?(): Details
}

type NamesOf<M extends Metrics, K extends MetricKind> = {
  [Name in keyof M]: M[Name]['kind'] extends K ? Name : never
}[keyof M]

/** Plain fields, all 0 at first: `counters.RetryCount += 1`. */
export type CountersOf<M extends Metrics> = Record<NamesOf<M, 'counter'>, number>
/** `timers.CloseMillis.add(ms)`. */
export type TimersOf<M extends Metrics> = Readonly<Record<NamesOf<M, 'timer'>, Timer>>
/** What `gauges()` gives for these declarations; one that has no value now is left out. */
export type GaugesOf<M extends Metrics> = Readonly<
  Partial<Record<NamesOf<M, 'gauge'>, number | boolean> & Record<NamesOf<M, 'label'>, string> & CountersOf<M>>
>

/** What a component that declares these metrics and details has to have. */
export type Shows<M extends Metrics, Columns extends Metrics> = ([NamesOf<M, 'gauge' | 'label'>] extends [
  never
]
  ? unknown
  : { gauges(): GaugesOf<M> }) &
  ([NamesOf<Columns, MetricKind>] extends [never] ? unknown : { details(): Details<GaugesOf<Columns>> })
