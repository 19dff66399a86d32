import { CALM } from './calm-life.ts'
import type { Life } from './story.ts'

/** In which everything is taken out. */
export const LAST_LIFE: Life = {
  ...CALM,
  calls: Infinity,
  end: 'close',
  takers: [{ max: 10_000, returns: 0, holds: 0 }],
  segmentBlocks: 64,
  stagingBlocks: 8,
  depth: 2,
  memoryBytes: 2 ** 20
}

/** Everything was taken: nothing is left, in the life after power loss either. */
export const EMPTY_LIFE: Life = { ...LAST_LIFE, verify: true }
