import type { Clock, Log } from '../core/contracts.ts'
import type { Timer } from '../core/timer.ts'
import type { Disk } from './disk.ts'
import type { FrameCipher } from './frame-cipher.ts'
import type { ReturnedLog } from './returned-folders.ts'

/** How a durable log is kept. Sizes are in bytes; what has no default must be said. */
export interface DurableLogOptions {
  /** For messages. */
  readonly name: string
  /** Absolute; segments are spread over them. Made when missing. The caller holds their locks. */
  readonly folders: readonly string[]
  /** A folder elsewhere, of no other log, that notes where the log is, so that it is missed when all of it is gone. */
  readonly witness?: string
  readonly disk: Disk
  readonly clock: Clock
  readonly log: Log
  /** Told how long each write and its sync took. */
  readonly syncTimer?: Timer
  /** Most events held; Infinity where only the disk bounds it. */
  readonly capacity: number
  /** Most events of one put and of one take. */
  readonly transactionCapacity: number
  /** How long a put waits for room. */
  readonly keepAliveMs: number
  /** Acknowledged events kept in memory for takers, beside staging; what is beyond is read back from disk. */
  readonly memoryBytes: number
  /** Puts are refused while a folder's file system has less than this left, and a new segment would be needed. */
  readonly minimumFreeBytes: number
  /** Size of one file; a multiple of 4096. Default 64 MiB. An event that is larger gets a segment of its own size. */
  readonly segmentBytes?: number
  /** Size of one group, the unit of writing; a multiple of 4096. Default 4 MiB. */
  readonly stagingBytes?: number
  /** Groups being written at once. Default 2. */
  readonly depth?: number
  /** Consumed segments kept for reuse. Default 4. */
  readonly keepFreeSegments?: number
  /** Encrypts what is written from now on, and opens what was. */
  readonly cipher?: FrameCipher
  /** Compresses payloads from now on, where it saves a tenth; what was written is read either way. */
  readonly codec?: 'zstd' | 'lz4'
  /** Checks every byte at start, sealed segments included. Default false: those are checked when they are read. */
  readonly verify?: boolean
  /** The folders hold a part of a log: puts that end elsewhere count. Default false. */
  readonly partial?: boolean
  /** Whether commit() waits until the take is on the disk. Default true; else a crash may bring back the latest takes. */
  readonly syncTakes?: boolean
}

/** A part of the log that could not be read. Its bytes are kept in the folder `quarantine` beside the segments. */
export interface SkippedPart {
  /** The segment's path. */
  readonly file: string
  /** Byte offset in the segment. */
  readonly at: number
  /** Number of the first event lost; events are numbered from 0 in the life of a log. */
  readonly firstEvent: number
  /** Events lost that had not been taken; 0 when only records of takes were lost. */
  readonly events: number
  /** Of a file of another log, which is set aside whole: events in it at most. They are not lost. */
  readonly otherEvents?: number
  readonly reason: string
}

/** What was found at start. */
export interface RecoveryReport {
  /** Events held now. */
  readonly events: number
  /** The same events, found on disk. */
  readonly recovered: number
  readonly skipped: readonly SkippedPart[]
  /** Logs of their own below the folders, with what came back after the log had gone on without it. */
  readonly returned: readonly ReturnedLog[]
  readonly elapsedMs: number
}

/** How the log is doing. */
export interface DurableLogStats {
  /** Time of writes that include the sync, over the latest 1024; 0 before the first. */
  readonly syncP50Ms: number
  readonly syncP99Ms: number
  /** Puts and commits per write, on average since start. */
  readonly transactionsPerSync: number
  readonly syncs: number
  /** Segments that hold events or state. */
  readonly segments: number
  /** Consumed segments ready for reuse. */
  readonly freeSegments: number
  /** All files of the log, those for reuse included. */
  readonly bytesOnDisk: number
  /** Acknowledged bytes held in memory for takers. */
  readonly memoryBytes: number
  /** How long a start would take now, by what the last scan took per byte. */
  readonly estimatedReplayMs: number
  readonly recoveredEvents: number
  /** Events in damaged parts, at start and since. */
  readonly skippedEvents: number
  readonly skippedParts: number
  /** Events given up since the log began, those lost in damaged parts included, that did not come back. */
  readonly givenUpEvents: number
  /** Events that came back and wait to be put where the others are. */
  readonly returnedEvents: number
  /** The first thousand of them. */
  readonly skipped: readonly SkippedPart[]
  readonly putErrors: number
  readonly takeErrors: number
  /** Why puts are refused at the moment; undefined while all is well. */
  readonly unhealthy: string | undefined
}
