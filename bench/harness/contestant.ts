import type { MeasuredProcess } from './measured-process.ts'
import type { Scratch } from './scratch.ts'

/** Where a contestant works: its files below `output`, everything else in `scratch`. */
export interface Place {
  readonly scratch: Scratch
  readonly port: number
  readonly output: string
}

/** A program that takes lines on a TCP port. */
export interface Contestant {
  /** As it stands in the table. */
  readonly name: string
  /** Its version, or undefined when it is not to be had here. */
  version(): string | undefined
  start(place: Place): Promise<MeasuredProcess>
  /** Of the lines of a run, those that it is given: less for the slow ones. */
  readonly share?: number
  /** Where it does not take lines on its port: makes them its input, and resolves to when it could begin (ns, monotonic). */
  feed?(place: Place, lines: number): Promise<bigint>
  /** The same program with the most durable queue that it has. */
  readonly durable?: Contestant
  /** The same program answering each line with `OK`. */
  readonly acknowledging?: Contestant
  /** How many lines it says it delivered, where there are no files to look at. */
  delivered?(place: Place): Promise<number>
}
