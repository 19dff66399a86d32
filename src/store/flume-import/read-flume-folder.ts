import { dirname } from 'node:path'
import { AgentError } from '../../core/errors.ts'
import type { EventBatch } from '../../core/batch.ts'
import type { Checkpoint } from './checkpoint.ts'
import { FileWindow } from './file-window.ts'
import { missingLogs, type FlumeLog, type FolderDisk } from './flume-logs.ts'
import { readHeldEvents } from './held-batches.ts'
import { Replay, type HeldEvents } from './replay.ts'
import { OLD_VERSION } from './old-record.ts'
import { scanOldLog } from './scan-old-log.ts'
import {
  scanLog,
  type FlumeDamage,
  type LogScanned,
  type RecordCounts,
  type RecordVisitor
} from './scan-log.ts'

/** What all logs of a channel say together. */
export interface FlumeFolder {
  readonly logs: readonly FlumeLog[]
  /** The events that the channel holds. */
  readonly held: HeldEvents
  readonly counts: Readonly<RecordCounts>
  /** Bytes of all logs, their filling included. */
  readonly bytes: number
  /** Events of transactions that were never committed; nobody was told that they are safe, so they are left out. */
  readonly unfinished: number
  /** Events held because their commit may have been in a damaged part. */
  readonly assumed: number
  readonly damages: DamageList
}

const KINDS = ['puts', 'takes', 'commits', 'rollbacks', 'noOps'] as const
const CHUNK_BYTES = 1024 * 1024
const MOST_DAMAGES = 1000
const NOTHING_COMMITTED = 'A commit belongs to no put and no take: their records are gone.'
const CUT = 'The log is shorter than it was at a checkpoint of Flume; what stood behind is gone.'
const MISSING = 'A log is missing; the events in it are gone.'

export interface ReplayOptions {
  /** Checks the checksums of all puts, of delivered ones too; else those of held events are when they are read. */
  readonly verify: boolean
  /** Needed where logs were deleted that had takes of what is left. */
  readonly checkpoint?: Checkpoint | undefined
  /** Ids of logs that should be there and are not. */
  readonly missing?: readonly number[]
}

/** Every damage counted, the first 1000 kept. */
export class DamageList {
  readonly #places = new Set<string>()
  readonly first: FlumeDamage[] = []
  count = 0
  /** Records known to be gone. */
  records = 0
  bytes = 0

  /** A place that is in the list is not added again. */
  add(damage: FlumeDamage): void {
    const place = `${damage.offset} ${damage.file}`
    if (this.#places.has(place)) return
    if (damage.kind === 'record') this.#places.add(place)
    this.count++
    this.records += damage.records ?? 0
    this.bytes += damage.bytes
    if (this.first.length < MOST_DAMAGES) this.first.push(damage)
  }
}

/**
 * Replays all logs from their first record. Damage is skipped and listed.
 */
export async function readFlumeFolder(
  disk: FolderDisk,
  logs: readonly FlumeLog[],
  { verify, checkpoint, missing: missed = [] }: ReplayOptions
): Promise<FlumeFolder> {
  const damages = new DamageList()
  const fileIds = logs.map(({ fileId }) => fileId)
  const replay = new Replay(fileIds, checkpoint)
  const findings: Findings = { replay, damages, folders: new Map() }
  const counts: RecordCounts = { puts: 0, takes: 0, commits: 0, rollbacks: 0, noOps: 0 }
  const missing = missingLogs(logs, missed)
  const opened = new Set<string>()
  const closed: FlumeLog[] = []
  for (const [index, log] of logs.entries()) {
    while (missing[0] !== undefined && missing[0] < log.fileId)
      noteMissing(missing.shift() ?? 0, log, findings)
    noteMeta(log, findings)
    const before = damages.count
    const scanned = await scanOne(disk, log, { verify, visitor: visitorOf(index, log, findings) })
    if (scanned.recognised) opened.add(keyAliasOf(log))
    else if (log.cipher !== undefined && damages.count > before) closed.push(log)
    noteCut(log, findings)
    for (const kind of KINDS) counts[kind] += scanned.counts[kind]
  }
  for (const log of closed) checkKey(log, opened)
  const last = logs.at(-1)
  if (last !== undefined) for (const fileId of missing) noteMissing(fileId, last, findings)
  const held = replay.finish()
  if (replay.unmatched > 0) damages.add(unmatched(replay.unmatched, logs))
  const bytes = logs.reduce((sum, log) => sum + log.bytes, 0)
  return { logs, held, counts, bytes, unfinished: replay.unfinished, assumed: replay.assumed, damages }
}

/** The held events in their order, in batches; an event that cannot be read is added to the damages and left out. */
export function heldBatches(
  disk: FolderDisk,
  { logs, held, damages }: FlumeFolder
): AsyncGenerator<EventBatch, undefined> {
  return readHeldEvents(disk, {
    logs,
    held,
    onDamage: damage => {
      damages.add(damage)
    }
  })
}

/** The latest transactions committed in a folder: when a log is rolled, Flume may write the same commit twice. */
class LatestCommits {
  readonly #transactions = new Float64Array(1024)
  #next = 0

  add(transaction: number): void {
    this.#transactions[this.#next] = transaction
    this.#next = (this.#next + 1) % this.#transactions.length
  }

  has(transaction: number): boolean {
    return this.#transactions.includes(transaction)
  }
}

interface Findings {
  readonly replay: Replay
  readonly damages: DamageList
  /** Folders of which a log has been read, with their latest commits. */
  readonly folders: Map<string, LatestCommits>
}

async function scanOne(
  disk: FolderDisk,
  log: FlumeLog,
  { verify, visitor }: { verify: boolean; visitor: RecordVisitor }
): Promise<LogScanned> {
  const file = await disk.open(log.path, { create: false, synced: false })
  try {
    const window = new FileWindow(file, log.bytes, CHUNK_BYTES)
    return log.version === OLD_VERSION
      ? await scanOldLog(window, visitor)
      : await scanLog(window, { cipher: log.cipher, verify }, visitor)
  } finally {
    await file.close()
  }
}

/** A wrong key makes a whole log look damaged: that must not pass for damage. */
function checkKey(log: FlumeLog, opened: ReadonlySet<string>): void {
  const keyAlias = keyAliasOf(log)
  if (opened.has(keyAlias)) return
  throw new AgentError('ERR_CONFIG', `The key ${keyAlias} does not open ${log.path}.`, {
    path: log.path,
    keyAlias
  })
}

function keyAliasOf({ meta }: FlumeLog): string {
  return meta?.encryption?.keyAlias ?? ''
}

function visitorOf(index: number, log: FlumeLog, { replay, damages, folders }: Findings): RecordVisitor {
  // The oldest log that a folder has left may hold commits of what was in older ones.
  const folder = dirname(log.path)
  const before = folders.get(folder)
  const latest = before ?? new LatestCommits()
  folders.set(folder, latest)
  let explained = before === undefined
  return {
    put: (transaction, order, offset) => {
      replay.put(transaction, order, { file: index, offset })
    },
    take: (transaction, fileId, offset) => {
      replay.take(transaction, fileId, offset)
    },
    rollback: transaction => {
      replay.rollback(transaction)
    },
    commit: (transaction, order, offset, tie) => {
      if (replay.commit(transaction, order, tie)) {
        latest.add(transaction)
        return
      }
      if (explained || latest.has(transaction)) return
      damages.add({
        kind: 'other',
        file: log.path,
        offset,
        bytes: 0,
        records: undefined,
        reason: NOTHING_COMMITTED
      })
      replay.gap()
    },
    damage: (offset, bytes, { kind, records, reason, rotten }) => {
      if (kind === 'hollow') return
      explained = true
      damages.add({ kind, file: log.path, offset, bytes, records, reason })
      if (rotten) replay.gap()
    }
  }
}

function noteMeta({ path, version, bytes, meta, metaHarm }: FlumeLog, { replay, damages }: Findings): void {
  if (metaHarm === undefined || bytes === 0) return
  damages.add({
    kind: 'other',
    file: version === OLD_VERSION ? path : `${path}.meta`,
    offset: 0,
    bytes: 0,
    records: 0,
    reason: metaHarm
  })
  if (meta === undefined && version !== OLD_VERSION) replay.gap()
}

function noteCut({ path, bytes, meta }: FlumeLog, { replay, damages }: Findings): void {
  if (meta === undefined || meta.checkpointPosition <= bytes) return
  const gone = meta.checkpointPosition - bytes
  damages.add({ kind: 'other', file: path, offset: bytes, bytes: gone, records: undefined, reason: CUT })
  replay.gap()
}

function noteMissing(fileId: number, { path }: FlumeLog, { replay, damages, folders }: Findings): void {
  const file = path.replace(/\d+$/, String(fileId))
  damages.add({ kind: 'other', file, offset: 0, bytes: 0, records: undefined, reason: MISSING })
  folders.clear()
  replay.gap()
}

function unmatched(takes: number, logs: readonly FlumeLog[]): FlumeDamage {
  const reason = `${takes} takes name events that are not where they say; their events may be delivered again.`
  return { kind: 'other', file: logs[0]?.path ?? '', offset: 0, bytes: 0, records: 0, reason }
}
