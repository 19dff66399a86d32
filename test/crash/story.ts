import * as fc from 'fast-check'
import type { Fault, FaultKind, OperationName } from '../../src/testing/simulated-faults.ts'
import type { PutShape } from './story-put.ts'

/** One program that puts: one put after the other. */
export type Putter = readonly PutShape[]

/** One program that takes, in a loop. */
export interface Taker {
  readonly max: number
  /** Of 10 takes, how many are given back. */
  readonly returns: number
  /** Turns of the loop between take and commit. */
  readonly holds: number
}

/** From one opening of the log to its end. */
export interface Life {
  /** Completed disk calls until the end comes. Small ones end it while it recovers. */
  readonly calls: number
  readonly end: 'power' | 'kill' | 'close' | 'closed, then power'
  /** Completed disk calls between the begin of close() and the end; undefined: the end comes before. */
  readonly closeCalls: number | undefined
  readonly putters: readonly Putter[]
  readonly takers: readonly Taker[]
  readonly segmentBlocks: number
  readonly stagingBlocks: number
  readonly depth: number
  readonly memoryBytes: number
  readonly keepFreeSegments: number
  readonly minimumFreeBlocks: number
  readonly syncTakes: boolean
  readonly verify: boolean
  readonly codec: 'zstd' | 'lz4' | undefined
  /** The key that seals what is written, of two; undefined: none does. */
  readonly key: number | undefined
  readonly capacity: number
  /** Of larger puts the events stand alone. */
  readonly transactionCapacity: number
  /** Blocks that the disk has, at most; undefined: plenty. */
  readonly diskBlocks: number | undefined
  readonly faults: readonly Fault[]
  /** Completed disk calls after which somebody else takes all room that is left. */
  readonly fillsAt: number | undefined
  /** Whether, before the end, nothing goes wrong any more and there is room: then the log must take events. */
  readonly heals: boolean
  /** Places, numbered in any way, that the disk cannot read any more when the life begins. */
  readonly spoilt: readonly number[]
}

/** A history of lives over one set of folders, ended by one in which everything is taken out. */
export interface Story {
  readonly seed: number
  readonly folders: number
  /** Whether the disk becomes unreadable in places, also where it was writing when power went. */
  readonly spoils: boolean
  readonly lives: readonly Life[]
}

const put: fc.Arbitrary<PutShape> = fc
  .record({
    events: fc.oneof(
      { weight: 14, arbitrary: fc.integer({ min: 1, max: 5 }) },
      { weight: 6, arbitrary: fc.integer({ min: 6, max: 300 }) },
      { weight: 1, arbitrary: fc.integer({ min: 300, max: 9000 }) }
    ),
    bytes: fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom(0, 10, 60) },
      { weight: 2, arbitrary: fc.constantFrom(700, 5000) },
      { weight: 1, arbitrary: fc.constant(90_000) }
    ),
    headers: fc.boolean()
  })
  .map(shape => ({
    ...shape,
    events: Math.min(shape.events, Math.ceil(300_000 / (shape.bytes + 20)))
  }))

const taker: fc.Arbitrary<Taker> = fc.record({
  max: fc.constantFrom(1, 7, 100, 1000, 10_000),
  returns: fc.constantFrom(0, 0, 2, 5),
  // The last one keeps what it took for so long that others consume what came later.
  holds: fc.constantFrom(0, 0, 1, 8, 2000)
})

/** Every call to a disk. */
export const ANY: readonly OperationName[] = [
  'open',
  'rename',
  'unlink',
  'list',
  'makeFolder',
  'syncFolder',
  'freeBytes',
  'write',
  'read',
  'sync',
  'size',
  'truncate',
  'close'
]

/** What cannot be read for long is given up: that is another family of stories. */
const LONGEST_UNREADABLE = 5

const fault: fc.Arbitrary<Fault> = fc
  .record({
    operations: fc.oneof(
      fc.constantFrom<readonly OperationName[]>(
        ['write'],
        ['write', 'sync'],
        ['sync'],
        ['syncFolder'],
        ['open'],
        ['read'],
        ['rename'],
        ['unlink', 'rename'],
        ['truncate', 'sync'],
        ['list', 'size', 'freeBytes', 'makeFolder'],
        ['close'],
        ANY
      )
    ),
    // Each folder may be on a disk of its own.
    path: fc.constantFrom(undefined, undefined, undefined, /log0/, /log1/, /free-|reserve-/, /seg-/),
    after: fc.oneof(fc.nat(8), fc.nat(80)),
    times: fc.constantFrom(1, 1, 2, 5, Infinity),
    kind: fc.constantFrom<FaultKind>('EIO', 'EIO', 'ENOSPC', 'short', 'slow', 'EMFILE')
  })
  .map(({ path, ...rest }) => (path === undefined ? rest : { ...rest, path }))
  .map(made => (givesUp(made) ? limited(made) : made))

/** Where the rest of the folder works, what cannot be opened or read for long counts as damaged. */
function givesUp({ operations, path }: Fault): boolean {
  const isRead = operations.includes('read') || operations.includes('open')
  return isRead && (operations.length === 1 || path !== undefined)
}

function limited(made: Fault): Fault {
  return { ...made, times: Math.min(made.times, LONGEST_UNREADABLE) }
}

const life: fc.Arbitrary<Life> = fc.record({
  calls: fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 20, max: 400 })),
  end: fc.constantFrom<Life['end'][]>('power', 'power', 'kill', 'close', 'closed, then power'),
  closeCalls: fc.oneof(
    { weight: 3, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.nat(12) }
  ),
  putters: fc.array(fc.array(put, { minLength: 1, maxLength: 8 }), { maxLength: 4 }),
  takers: fc.array(taker, { maxLength: 3 }),
  segmentBlocks: fc.constantFrom(5, 8, 16, 24, 48, 128, 512),
  stagingBlocks: fc.constantFrom(4, 8, 16),
  depth: fc.integer({ min: 1, max: 3 }),
  memoryBytes: fc.constantFrom(2 ** 12, 2 ** 17, 2 ** 24),
  keepFreeSegments: fc.constantFrom(4, 4, 1, 0),
  minimumFreeBlocks: fc.constantFrom(0, 0, 0, 20),
  syncTakes: fc.constantFrom(true, true, true, false),
  verify: fc.constantFrom(false, false, true),
  codec: fc.constantFrom(undefined, undefined, undefined, 'zstd' as const, 'lz4' as const),
  key: fc.constantFrom(undefined, undefined, undefined, 0, 1),
  capacity: fc.constantFrom(Infinity, Infinity, Infinity, 10_000, 30),
  transactionCapacity: fc.constantFrom(10_000, 10_000, 100, 4),
  diskBlocks: fc.constantFrom(undefined, undefined, undefined, undefined, 100, 250, 1000),
  faults: fc.oneof(
    { weight: 2, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(fault, { minLength: 1, maxLength: 3 }) }
  ),
  fillsAt: fc.oneof(
    { weight: 9, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 200 }) }
  ),
  heals: fc.constantFrom(true, false, false),
  spoilt: fc.constant([])
})

/** Any story of up to six lives. */
export const stories: fc.Arbitrary<Story> = fc.record({
  seed: fc.nat(2 ** 31),
  folders: fc.constantFrom(1, 1, 2, 3),
  spoils: fc.constant(false),
  lives: fc.array(life, { minLength: 1, maxLength: 6 })
})

const smallPut: fc.Arbitrary<PutShape> = fc.record({
  events: fc.integer({ min: 1, max: 12 }),
  bytes: fc.constantFrom(0, 60, 700, 5000),
  headers: fc.boolean()
})

const failedWrite: fc.Arbitrary<Fault> = fc.record({
  operations: fc.constantFrom<readonly OperationName[]>(['write'], ['write'], ['write', 'sync'], ['sync']),
  after: fc.nat(14),
  times: fc.constantFrom(1, 1, 2),
  kind: fc.constantFrom<FaultKind>('EIO', 'EIO', 'short')
})

const pressedLife: fc.Arbitrary<Life> = fc
  .record({
    life,
    calls: fc.integer({ min: 15, max: 160 }),
    end: fc.constantFrom<Life['end'][]>('power', 'kill', 'close', 'closed, then power'),
    putters: fc.array(fc.array(smallPut, { minLength: 1, maxLength: 6 }), { maxLength: 3 }),
    takers: fc.array(taker, { maxLength: 3 }),
    segmentBlocks: fc.constantFrom(5, 8, 16),
    diskBlocks: fc.constantFrom(undefined, undefined, undefined, 40, 60, 100),
    faults: fc.oneof(fc.constant([]), fc.array(failedWrite, { minLength: 1, maxLength: 2 }))
  })
  .map(({ life: any, ...pressed }) => ({
    ...any,
    ...pressed,
    stagingBlocks: 4,
    capacity: Infinity,
    minimumFreeBlocks: 0
  }))

/** Stories of small puts, tiny segments, failed writes, and kills and power losses by turns. */
export const pressedStories: fc.Arbitrary<Story> = fc
  .record({ story: stories, lives: fc.array(pressedLife, { minLength: 2, maxLength: 6 }) })
  .map(({ story, lives }) => ({ ...story, lives }))

const somePuts = fc.array(fc.array(smallPut, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 2 })

/** Writes fail, and the system may go on showing what they were to write. */
const brokenOff: fc.Arbitrary<Life> = fc
  .record({
    pressedLife,
    calls: fc.integer({ min: 12, max: 60 }),
    putters: somePuts,
    takers: fc.array(taker, { maxLength: 1 }),
    faults: fc.array(failedWrite, { minLength: 1, maxLength: 2 })
  })
  .map(({ pressedLife: pressed, ...rest }) => ({
    ...pressed,
    ...rest,
    end: 'kill',
    diskBlocks: undefined,
    fillsAt: undefined
  }))

const barelyBegun: fc.Arbitrary<Life> = fc
  .record({
    pressedLife,
    calls: fc.integer({ min: 5, max: 60 }),
    putters: somePuts,
    takers: fc.array(taker, { maxLength: 1 }),
    diskBlocks: fc.constantFrom(undefined, undefined, 40, 60),
    faults: fc.oneof(fc.constant([]), fc.constant([]), fc.array(failedWrite, { minLength: 1, maxLength: 1 }))
  })
  .map(({ pressedLife: pressed, ...rest }) => ({ ...pressed, ...rest, end: 'power', fillsAt: undefined }))

/** Stories of writes that fail before a kill, and power lost soon after the next start: what it believed must be there. */
export const hurriedStories: fc.Arbitrary<Story> = fc
  .record({
    story: stories,
    folders: fc.constantFrom(1, 2, 3),
    rounds: fc.array(fc.tuple(brokenOff, barelyBegun), { minLength: 1, maxLength: 2 })
  })
  .map(({ story, folders, rounds }) => ({ ...story, folders, lives: rounds.flat() }))

const spoiltLife: fc.Arbitrary<Life> = fc
  .record({ life, places: fc.array(fc.nat(2 ** 31), { maxLength: 3 }) })
  .map(made => ({ ...made.life, faults: [], diskBlocks: undefined, fillsAt: undefined, spoilt: made.places }))

/** Stories of a disk that is fine otherwise, of which places become unreadable for ever. */
export const spoiltStories: fc.Arbitrary<Story> = fc
  .record({ story: stories, lives: fc.array(spoiltLife, { minLength: 2, maxLength: 5 }) })
  .map(({ story, lives }) => ({ ...story, spoils: true, lives }))
