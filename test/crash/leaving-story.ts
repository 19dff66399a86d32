import * as fc from 'fast-check'

/** One life of a log whose folders and files come and go. */
export interface LeavingLife {
  /** Folders that are not there, and not configured. One is there always. */
  readonly away: readonly number[]
  /** Files, numbered in any way, that are taken out for this life. */
  readonly missing: readonly number[]
  /** A folder that an older copy of it has taken the place of, for good. */
  readonly old: number | undefined
  /** A folder in whose place another log's is for a while, before it is put right again. */
  readonly swapped: number | undefined
  readonly puts: readonly number[]
  /** Events to take. */
  readonly takes: number
  /** Whether a put is under way at the end. */
  readonly cutsPut: boolean
  readonly end: 'kill' | 'power' | 'stop'
  /** How the clock moves before the life, in milliseconds. */
  readonly clockMs: number
  readonly segmentBlocks: number
  readonly verify: boolean
}

/** A history of lives, ended by one in which everything is there again and taken out. */
export interface LeavingStory {
  readonly seed: number
  readonly folders: number
  readonly lives: readonly LeavingLife[]
}

const life: fc.Arbitrary<LeavingLife> = fc.record({
  away: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 4, arbitrary: fc.uniqueArray(fc.nat(2), { minLength: 1, maxLength: 2 }) }
  ),
  missing: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(fc.nat(1000), { minLength: 1, maxLength: 2 }) }
  ),
  old: fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.nat(2) }),
  swapped: fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.nat(2) }),
  puts: fc.array(fc.constantFrom(1, 1, 1, 3, 20, 200), { maxLength: 25 }),
  takes: fc.constantFrom(0, 0, 5, 30, 1000),
  cutsPut: fc.boolean(),
  end: fc.constantFrom<LeavingLife['end'][]>('kill', 'kill', 'power', 'stop', 'stop'),
  clockMs: fc.constantFrom(0, 1, 1000, -3_600_000),
  segmentBlocks: fc.constantFrom(6, 8, 16, 64),
  verify: fc.constantFrom(false, false, true)
})

export const leavingStories: fc.Arbitrary<LeavingStory> = fc.record({
  seed: fc.nat(2 ** 31),
  folders: fc.constantFrom(1, 2, 2, 3),
  lives: fc.array(life, { minLength: 2, maxLength: 6 })
})

/** In which everything is there, and is taken out. */
export const HOMECOMING: LeavingLife = {
  away: [],
  missing: [],
  old: undefined,
  swapped: undefined,
  puts: [1],
  takes: Infinity,
  cutsPut: false,
  end: 'stop',
  clockMs: 0,
  segmentBlocks: 16,
  verify: false
}
