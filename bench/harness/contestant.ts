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
  /** How many lines it says it delivered, where there are no files to look at. */
  delivered?(place: Place): Promise<number>
}
