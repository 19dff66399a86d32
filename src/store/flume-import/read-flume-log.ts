import type { EventBatch } from '../../core/batch.ts'
import { FileWindow } from './file-window.ts'
import type { FlumeLog, FolderDisk } from './flume-logs.ts'
import { Growing32 } from './growing.ts'
import { readHeldEvents } from './held-batches.ts'
import { scanLog, type FlumeDamage, type RecordCounts } from './scan-log.ts'

/** What one log holds by itself, whatever became of its events. */
export interface FlumeLogFindings {
  readonly counts: RecordCounts
  /** Offsets of all puts that can be read. */
  readonly puts: Growing32
  readonly damages: readonly FlumeDamage[]
  /** Damages that are in no count: of what kind their records were cannot be told. */
  readonly unknown: number
}

const CHUNK_BYTES = 1024 * 1024

/** Checks every record of one log. */
export async function scanFlumeLog(disk: FolderDisk, log: FlumeLog): Promise<FlumeLogFindings> {
  const puts = new Growing32()
  const damages: FlumeDamage[] = []
  let damaged = -1
  let unknown = 0
  const file = await disk.open(log.path, { create: false, synced: false })
  try {
    const window = new FileWindow(file, log.bytes, CHUNK_BYTES)
    const { counts } = await scanLog(
      window,
      { cipher: log.cipher, verify: true },
      {
        put: (_transaction, _order, offset) => {
          if (offset !== damaged) puts.push(offset)
        },
        take: () => {},
        rollback: () => {},
        commit: () => {},
        damage: (offset, bytes, { kind, records, reason, rotten }) => {
          if (kind !== 'frame') damaged = offset
          if (rotten || kind === 'tail') unknown++
          damages.push({ kind, file: log.path, offset, bytes, records, reason })
        }
      }
    )
    return { counts, puts, damages, unknown }
  } finally {
    await file.close()
  }
}

/** The events of puts found by scanFlumeLog, in the order of the log. */
export function readPuts(
  disk: FolderDisk,
  log: FlumeLog,
  puts: Growing32
): AsyncGenerator<EventBatch, undefined> {
  const held = { length: puts.length, files: new Uint32Array(puts.length), offsets: puts.view() }
  return readHeldEvents(disk, { logs: [log], held, onDamage: () => {} })
}
