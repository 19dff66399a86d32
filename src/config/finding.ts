export type Level = 'error' | 'warning' | 'info'

/** Where a text stands: a file as it was named, and a line from 1. */
export interface Position {
  readonly file: string
  readonly line: number
}

/** One thing to say about a configuration. `message` is what is wrong, `hint` what to write. */
export interface Finding extends Position {
  readonly level: Level
  /** Stable word in capitals; those of `config` are in FINDING_CODES, components add their own. */
  readonly code: string
  /** The whole key, agent included; empty when the finding is about a line or a file. */
  readonly key: string
  readonly message: string
  readonly hint: string
  /** What falls with it, in the order in which it falls. */
  readonly consequences?: readonly Consequence[]
}

/** A part or property that falls because of what a finding is about. */
export interface Consequence {
  readonly code: string
  readonly key: string
  /** One sentence; Flume's own where it has one. */
  readonly message: string
}

/** One property as it stands in a file; `value` is trimmed and, later in the pipeline, interpolated. */
export interface Property extends Position {
  readonly key: string
  readonly value: string
}

export interface Remark {
  readonly at: Position
  readonly key?: string
  readonly message: string
  readonly hint?: string
  /** Where the same code is graver, or milder, than the table says. */
  readonly level?: Level
}
