import type { Log } from '../core/contracts.ts'
import { messageOf } from '../core/errors.ts'
import type { Background } from './background.ts'
import type { Disk } from './disk.ts'
import type { DoneRanges } from './frame-codec.ts'
import { forgetFolders, recordFolders } from './log-folders.ts'
import type { Segment } from './segment.ts'
import { type StopRecord, stopRecordOf, writeStopRecord } from './stop-record.ts'

/** Where the records are, and of which channel. */
export interface RecordPlaces {
  readonly name: string
  readonly disk: Disk
  readonly folders: readonly string[]
  readonly witness?: string
  readonly log: Log
}

/** How a log was closed. */
export interface Stop {
  /** The newest segment, sealed. */
  readonly newest: Segment
  readonly done: DoneRanges
  readonly isEmpty: boolean
  /** Those that are there. */
  readonly folders: readonly string[]
}

/** What a log writes down beside its segments, for the next start. */
export class LogRecords {
  readonly #places: RecordPlaces
  readonly #own: Pick<StopRecord, 'channelId' | 'lineage'>
  #hasBegun = false

  constructor(places: RecordPlaces, own: Pick<StopRecord, 'channelId' | 'lineage'>) {
    this.#places = places
    this.#own = own
  }

  /** The life has begun on the disk: from now on the log has these folders, and no other. Call it as often as you like. */
  begun(work: Background): void {
    if (this.#hasBegun) return
    this.#hasBegun = true
    const { disk, folders, witness, name, log } = this.#places
    const { channelId } = this.#own
    work.add(recordFolders(disk, { folders, witness, recorded: folders }, { channelId, name }, log))
  }

  /** Writes down in each folder how the log was closed, for each tells of what is lost with another one. */
  async closed({ newest, done, isEmpty, folders }: Stop): Promise<void> {
    const { disk, witness, log } = this.#places
    if (witness !== undefined && isEmpty) await forgetFolders(disk, witness, this.#own.channelId, log)
    const record = stopRecordOf(this.#own, newest, done)
    for (const folder of folders) {
      try {
        await writeStopRecord(disk, folder, record)
      } catch (error) {
        log.debug('The stop could not be recorded.', { folder, reason: messageOf(error) })
      }
    }
  }
}
