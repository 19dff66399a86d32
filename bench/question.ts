import type { Contestant } from './harness/contestant.ts'

/** What every question is given. */
export interface Bench {
  /** The command that starts a load generator. */
  readonly load: { readonly command: string; readonly args: readonly string[] }
  /** Lines of one throughput run. */
  readonly lines: number
  /** Runs of each contestant, in turn. */
  readonly pairs: number
  /** Other programs, as far as they are to be had. */
  readonly peers: readonly Contestant[]
  /** How long idle means. */
  readonly idleSeconds: number
  /** Tells the reader how far we are. */
  progress(text: string): void
}

/** A number that has to be reached. */
export interface Bar {
  readonly what: string
  readonly value: number
  readonly limit: number
  readonly sense: 'at least' | 'at most'
  readonly unit: string
}

export interface Answer {
  readonly title: string
  /** The first row is the heading. */
  readonly table: readonly (readonly string[])[]
  readonly bars: readonly Bar[]
  /** Speeds relative to another program in the same minutes: what the baseline holds. Larger is better. */
  readonly ratios: Readonly<Record<string, number>>
  /** Lines lost, doubled or out of order, processes that did not end: any of them fails the whole run. */
  readonly problems: readonly string[]
}

/** One question that the bench answers. */
export interface Question {
  /** What it is asked by, with a line of help for each. */
  readonly names: Readonly<Record<string, string>>
  /** `chosen`: those of the names that were asked for. */
  answer(bench: Bench, chosen: readonly string[]): Promise<Answer>
}

/** Whether a bar is reached. */
export function isReached({ value, limit, sense }: Bar): boolean {
  return sense === 'at least' ? value >= limit : value <= limit
}
