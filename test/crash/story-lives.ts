import type { Life } from './story.ts'

/** In which everything is taken out. */
export const LAST_LIFE: Life = {
  calls: Infinity,
  end: 'close',
  closeCalls: undefined,
  putters: [],
  takers: [{ max: 10_000, returns: 0, holds: 0 }],
  segmentBlocks: 64,
  stagingBlocks: 8,
  depth: 2,
  memoryBytes: 2 ** 20,
  keepFreeSegments: 4,
  minimumFreeBlocks: 0,
  syncTakes: true,
  verify: false,
  codec: undefined,
  key: undefined,
  capacity: Infinity,
  diskBlocks: undefined,
  faults: [],
  fillsAt: undefined,
  heals: false,
  spoilt: []
}

/** Everything was taken: nothing is left, in the life after power loss either. */
export const EMPTY_LIFE: Life = { ...LAST_LIFE, verify: true }
