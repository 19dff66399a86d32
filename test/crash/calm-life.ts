import type { Fault } from '../../src/testing/simulated-faults.ts'
import type { Life } from './story.ts'

/** A short life in which nothing happens: what a kept story does not say. */
export const CALM: Life = {
  calls: 20,
  end: 'power',
  closeCalls: undefined,
  putters: [],
  takers: [],
  segmentBlocks: 16,
  stagingBlocks: 4,
  depth: 1,
  memoryBytes: 4096,
  keepFreeSegments: 4,
  minimumFreeBlocks: 0,
  syncTakes: true,
  verify: false,
  codec: undefined,
  key: undefined,
  capacity: Infinity,
  transactionCapacity: 10_000,
  diskBlocks: undefined,
  faults: [],
  fillsAt: undefined,
  heals: false,
  spoilt: []
}

/** Of a story without numbers to be drawn. */
export const PLAIN = { seed: 0, spoils: false, folders: 1 }
export const FIRST_WRITE_FAILS: Fault = { operations: ['write'], after: 0, times: 1, kind: 'EIO' }
