/** Where a pattern was found. */
export interface Match {
  readonly start: number
  /** Not included. */
  readonly end: number
  /** The text of a group, 0 being the whole match; undefined for one that took no part. */
  group(index: number): string | undefined
}
