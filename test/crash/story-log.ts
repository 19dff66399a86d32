import type { EventBatch } from '../../src/core/batch.ts'
import type { Clock, Lease, Log } from '../../src/core/contracts.ts'
import { createFrameCipher, type FrameCipher } from '../../src/store/frame-cipher.ts'
import type { Disk } from '../../src/store/disk.ts'
import type { DurableLogOptions, RecoveryReport } from '../../src/store/log-options.ts'
import type { Life, Story } from './story.ts'

/** What the stories ask of a log; DurableLog is one. */
export interface StoredLog {
  readonly recovery: RecoveryReport
  readonly size: number
  put(batch: EventBatch, signal: AbortSignal): Promise<void>
  putEach(batch: EventBatch, signal: AbortSignal): Promise<void>
  take(max: number): Promise<Lease | undefined>
  filled(signal: AbortSignal): Promise<void>
  close(): Promise<void>
}

/** Opens a log. */
export type OpenLog = (options: DurableLogOptions) => Promise<StoredLog>

/** Folder that everything is in; it is there from the start. */
export const BASE = '/data'
export const BLOCK = 4096
const KEYS = [1, 2].map(value => ({ name: `key ${value}`, bytes: Buffer.alloc(32, value) }))

/** What the log works with in one life. */
export interface LogSurroundings {
  readonly disk: Disk
  readonly clock: Clock
  readonly log: Log
}

/** How a log is opened in one life. */
export function optionsOf(story: Story, life: Life, around: LogSurroundings): DurableLogOptions {
  const { segmentBlocks, stagingBlocks, depth, memoryBytes, syncTakes, capacity, transactionCapacity } = life
  return {
    name: 'tested',
    folders: Array.from({ length: story.folders }, (_, i) => `${BASE}/log${i}`),
    ...around,
    capacity,
    transactionCapacity,
    keepAliveMs: 3000,
    memoryBytes,
    minimumFreeBytes: life.minimumFreeBlocks * BLOCK,
    segmentBytes: segmentBlocks * BLOCK,
    stagingBytes: stagingBlocks * BLOCK,
    depth,
    keepFreeSegments: life.keepFreeSegments,
    syncTakes,
    verify: life.verify,
    cipher: cipherOf(life.key),
    ...(life.codec === undefined ? {} : { codec: life.codec })
  }
}

/** All keys open; one of them seals, or none. */
function cipherOf(key: number | undefined): FrameCipher {
  return createFrameCipher(key === undefined ? undefined : KEYS[key], KEYS)
}
