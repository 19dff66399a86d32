import { closeSync, existsSync, openSync, statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { crc32 } from 'node:zlib'
import { AgentError } from '../../../core/errors.ts'

/** Marks a database file as one of this channel: "MRJQ". */
const APPLICATION_ID = 0x4d524a51
const SCHEMA_VERSION = 1
/** Epoch milliseconds of the put, of rows of this version. Earlier versions do not see the column, and work with it. */
const DATE_COLUMN = 'arrived INTEGER'
const PAGE_BYTES = 4096
/** The write-ahead log is copied into the database after so many pages, and is kept at this size. */
const LOG_PAGES = 1000
/** Puts leave this much of the disk alone, so that commits of takes still find room. */
const LEAST_FREE_BYTES = 16 * 1024 * 1024
/** An empty database gives pages back to the disk when it has more than these. */
const SPARE_PAGES = 2048
const SHRINK_PAGES = 256

/** Consecutive events as they are stored. Events are numbered from 0 on, for ever. */
export interface StoredRow {
  readonly first: number
  readonly events: number
  readonly blob: Uint8Array<ArrayBuffer>
  /** When they came, epoch milliseconds; undefined for those of earlier versions. */
  readonly arrivedMs?: number | undefined
}

/** A row that was read, with what was taken from it before. */
export interface ReadRow extends StoredRow {
  readonly intact: boolean
  readonly taken: readonly Span[]
}

/** Events by number: from `first` on, so many. */
export interface Span {
  readonly first: number
  readonly events: number
}

/** Some events of one row, not all of it. */
export interface PartOfRow extends Span {
  readonly row: Span
}

/** What a database holds when it is opened. */
export interface Contents {
  readonly held: number
  /** Number of the first event that may be there; of the first that was never used. */
  readonly from: number
  readonly next: number
  /** When the first event came, epoch milliseconds, where that is known. */
  readonly arrivedMs: number | undefined
  /** Events in rows that were set aside, ever. */
  readonly damaged: number
}

/**
 * The database file of one channel. Calls are synchronous and wait for the disk: it lives in a worker thread.
 * Tables: `batch` has the events, `taken` what was taken of batches that are not empty yet, `damaged` the batches
 * whose checksum is wrong.
 */
export class EventDatabase {
  readonly #file: string
  readonly #database: DatabaseSync
  /** Rows say when they came. */
  readonly #isDated: boolean
  readonly #insert: StatementSync
  readonly #deleteRows: StatementSync
  readonly #deleteTaken: StatementSync
  readonly #insertTaken: StatementSync
  readonly #sumTaken: StatementSync
  readonly #select: StatementSync
  readonly #selectTaken: StatementSync
  readonly #selectAny: StatementSync
  readonly #selectOldest: StatementSync
  readonly #selectFree: StatementSync

  constructor(file: string, options: { readonly createSchema: boolean }) {
    this.#file = file
    this.#database = openDatabase(file, options.createSchema)
    this.#isDated = addDates(this.#database)
    const arrived = this.#isDated ? 'arrived' : 'NULL AS arrived'
    const statement = (sql: string): StatementSync => this.#database.prepare(sql)
    this.#insert = statement(
      this.#isDated
        ? 'INSERT INTO batch (first, events, crc, data, arrived) VALUES (?, ?, ?, ?, ?)'
        : 'INSERT INTO batch (first, events, crc, data) VALUES (?, ?, ?, ?)'
    )
    this.#deleteRows = statement('DELETE FROM batch WHERE first >= ? AND first < ?')
    this.#deleteTaken = statement('DELETE FROM taken WHERE first >= ? AND first < ?')
    this.#insertTaken = statement('INSERT INTO taken (first, events) VALUES (?, ?)')
    this.#sumTaken = statement('SELECT sum(events) AS events FROM taken WHERE first >= ? AND first < ?')
    this.#select = statement(
      `SELECT first, events, crc, data, ${arrived} FROM batch WHERE first >= ? ORDER BY first`
    )
    this.#selectOldest = statement(`SELECT ${arrived} FROM batch ORDER BY first LIMIT 1`)
    this.#selectTaken = statement(
      'SELECT first, events FROM taken WHERE first >= ? AND first < ? ORDER BY first'
    )
    this.#selectAny = statement('SELECT first FROM batch LIMIT 1')
    this.#selectFree = statement('PRAGMA freelist_count')
  }

  /** Counts what is there. */
  contents(): Contents {
    const batch = this.#database
      .prepare('SELECT sum(events) AS held, min(first) AS first, max(first + events) AS next FROM batch')
      .get()
    const taken = this.#database.prepare('SELECT sum(events) AS taken FROM taken').get()
    const damaged = this.#database
      .prepare('SELECT max(first + events) AS next, sum(events) AS events FROM damaged')
      .get()
    const next = Math.max(Number(batch?.['next'] ?? 0), Number(damaged?.['next'] ?? 0))
    return {
      held: Number(batch?.['held'] ?? 0) - Number(taken?.['taken'] ?? 0),
      from: Number(batch?.['first'] ?? next),
      next,
      arrivedMs: millisecondsOf(this.#selectOldest.get()?.['arrived']),
      damaged: Number(damaged?.['events'] ?? 0)
    }
  }

  /** Runs `work` as one transaction, on the disk once this returns; rolls back what throws. */
  transaction(work: () => void): void {
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      work()
      this.#database.exec('COMMIT')
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      this.#emptyLog()
      throw error
    }
  }

  /** Inside a transaction: adds rows. */
  put(rows: readonly StoredRow[]): void {
    this.#refuseFullDisk()
    for (const { first, events, blob, arrivedMs } of rows) {
      const date = this.#isDated ? [arrivedMs ?? null] : []
      this.#insert.run(first, events, crc32(blob), blob, ...date)
    }
  }

  /** Inside a transaction: removes rows that were taken whole, and remembers what was taken of others. */
  take(whole: readonly Span[], parts: readonly PartOfRow[]): void {
    for (const span of whole) this.#remove(span)
    for (const { first, events, row } of parts) {
      this.#insertTaken.run(first, events)
      const sum = this.#sumTaken.get(row.first, row.first + row.events)?.['events']
      if (Number(sum) >= row.events) this.#remove(row)
    }
  }

  /** Rows from event `from` on, in order: one, and more of them up to `bytes`. */
  read(from: number, bytes: number): ReadRow[] {
    const rows: ReadRow[] = []
    let left = bytes
    for (const row of this.#select.iterate(from)) {
      const blob = bytesOf(row['data'])
      const [first, events] = [Number(row['first']), Number(row['events'])]
      const taken = this.#selectTaken
        .all(first, first + events)
        .map(span => ({ first: Number(span['first']), events: Number(span['events']) }))
      const arrivedMs = millisecondsOf(row['arrived'])
      rows.push({ first, events, blob, arrivedMs, taken, intact: crc32(blob) === row['crc'] })
      left -= blob.length
      if (left <= 0) break
    }
    return rows
  }

  /** Inside a transaction: moves a damaged row out of the way. */
  setAside({ first, events }: Span): void {
    this.#database
      .prepare('INSERT INTO damaged SELECT first, events, crc, data FROM batch WHERE first = ?')
      .run(first)
    this.#remove({ first, events })
  }

  /** Gives some pages of an empty database back to the disk; returns whether there is more to give. */
  shrink(): boolean {
    if (this.#freePages <= SPARE_PAGES || this.#selectAny.get() !== undefined) return false
    this.#database.exec(`PRAGMA incremental_vacuum(${SHRINK_PAGES})`)
    return true
  }

  get closed(): boolean {
    return !this.#database.isOpen
  }

  close(): void {
    this.#database.close()
  }

  #remove({ first, events }: Span): void {
    this.#deleteRows.run(first, first + events)
    this.#deleteTaken.run(first, first + events)
  }

  /** On a full disk the next transaction then writes over the log instead of growing it. */
  #emptyLog(): void {
    try {
      this.#database.exec('PRAGMA wal_checkpoint(RESTART)')
    } catch {
      // The error that led here is the one to tell.
    }
  }

  get #freePages(): number {
    return Number(this.#selectFree.get()?.['freelist_count'])
  }

  /** Room is what the disk has, and what the database gave up within itself. */
  #refuseFullDisk(): void {
    const { bavail, bsize } = statfsSync(this.#file)
    const free = bavail * bsize
    if (free >= LEAST_FREE_BYTES || free + this.#freePages * PAGE_BYTES >= LEAST_FREE_BYTES) return
    throw new AgentError(
      'ERR_CHANNEL',
      `Usable space exhausted, only ${free} bytes remaining, required ${LEAST_FREE_BYTES} bytes.`,
      { folder: dirname(this.#file) }
    )
  }
}

function openDatabase(file: string, createSchema: boolean): DatabaseSync {
  if (!createSchema && !existsSync(file)) throw noSchema(file)
  if (createSchema) makeFile(file)
  const database = new DatabaseSync(file, { timeout: 0 })
  try {
    const isEmpty = Object.values(database.prepare('SELECT count(*) FROM sqlite_schema').get() ?? {})[0] === 0
    if (!isEmpty) refuseOthers(database, file) // before anything of it is changed
    if (isEmpty && createSchema)
      database.exec(`PRAGMA page_size = ${PAGE_BYTES}; PRAGMA auto_vacuum = INCREMENTAL`)
    database.exec(`PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
      PRAGMA wal_autocheckpoint = ${LOG_PAGES}; PRAGMA journal_size_limit = ${LOG_PAGES * PAGE_BYTES}`)
    database.exec('BEGIN EXCLUSIVE') // takes the lock that other processes meet
    if (isEmpty && !createSchema) throw noSchema(file)
    if (isEmpty) createTables(database)
    database.exec('COMMIT')
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** SQLite would let everybody read it; the files beside it get the same mode. */
function makeFile(file: string): void {
  try {
    closeSync(openSync(file, 'a', 0o640))
  } catch {
    // SQLite says what is wrong with it.
  }
}

function noSchema(file: string): AgentError {
  return new AgentError(
    'ERR_START',
    'Schema does not exist and auto-generation is disabled. Please enable auto-generation of schema and try again.',
    { file, key: 'create.schema' }
  )
}

function createTables(database: DatabaseSync): void {
  const columns =
    '(first INTEGER PRIMARY KEY, events INTEGER NOT NULL, crc INTEGER NOT NULL, data BLOB NOT NULL)'
  database.exec(`CREATE TABLE batch ${columns}; CREATE TABLE damaged ${columns};
    ALTER TABLE batch ADD COLUMN ${DATE_COLUMN};
    CREATE TABLE taken (first INTEGER PRIMARY KEY, events INTEGER NOT NULL);
    PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}`)
}

/** Databases of earlier versions get the column that has the dates; where that fails, as on a full disk, they do without. */
function addDates(database: DatabaseSync): boolean {
  const isThere = (): boolean =>
    database
      .prepare('PRAGMA table_info(batch)')
      .all()
      .some(({ name }) => name === 'arrived')
  if (isThere()) return true
  try {
    database.exec(`ALTER TABLE batch ADD COLUMN ${DATE_COLUMN}`)
  } catch {
    return false
  }
  return isThere()
}

function millisecondsOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}

function refuseOthers(database: DatabaseSync, file: string): void {
  const id = database.prepare('PRAGMA application_id').get()?.['application_id']
  const version = database.prepare('PRAGMA user_version').get()?.['user_version']
  if (id === APPLICATION_ID && version === SCHEMA_VERSION) return
  const message =
    id === APPLICATION_ID
      ? `The database ${file} has version ${String(version)}; this agent reads version ${SCHEMA_VERSION}. Name another file in driver.url.`
      : `The database ${file} belongs to another program. Name another file in driver.url.`
  throw new AgentError('ERR_START', message, { file })
}

// SQLite gives a slice of memory of its own: fine to hand to another thread.
function bytesOf(value: unknown): Uint8Array<ArrayBuffer> {
  if (value instanceof Uint8Array && value.buffer instanceof ArrayBuffer)
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  throw new AgentError('ERR_FORMAT', 'A column of the database has another type than it should have.')
}
