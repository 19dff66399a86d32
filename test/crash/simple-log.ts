import { crc32 } from 'node:zlib'
import { BatchBuilder } from '../../src/core/batch-builder.ts'
import type { EventBatch } from '../../src/core/batch.ts'
import type { Lease } from '../../src/core/contracts.ts'
import { AgentError } from '../../src/core/errors.ts'
import type { Disk, DiskFile } from '../../src/store/disk.ts'
import type { DurableLogOptions, RecoveryReport } from '../../src/store/log-options.ts'
import { Wakers } from '../../src/store/wakers.ts'
import type { StoredLog } from './story-log.ts'

/** Promises that a log can break. */
export const FLAWS = [
  'acknowledges before the write',
  'acknowledges unsynced writes',
  'forgets to sync the folder',
  'forgets commits',
  'commits before the write',
  'keeps half a put',
  'commits by halves',
  'believes torn records',
  'writes into safe sectors',
  'gives back to the end',
  'gives out before the write',
  'acknowledges what failed',
  'gives out what it refused',
  'loses what is on loan',
  'counts wrongly',
  'drops the oldest',
  'lends twice',
  'leaves files open',
  'leaves files open when it does not start',
  'tells wrong numbers',
  'cries wolf',
  'reuses its buffer',
  'mixes headers',
  'keeps unsynced remains',
  'stays broken',
  'leaves files behind',
  'leaves a timer behind'
] as const
export type Flaw = (typeof FLAWS)[number]

/** One event. */
interface Item {
  readonly seq: number
  readonly body: string
  readonly headers: readonly (readonly [string, string])[]
}

type Entry =
  | { readonly kind: 'put'; readonly items: readonly Item[] }
  | { readonly kind: 'take'; readonly seqs: readonly number[] }

const SECTOR = 512

/**
 * The simplest log that keeps every promise: one write for each put and commit, whole sectors of length, checksum and
 * JSON, and the whole rest copied to a new file at each start. Told to have a flaw, it breaks one promise, so that the
 * stories can show that they notice.
 */
export class SimpleLog implements StoredLog {
  readonly recovery: RecoveryReport
  readonly #flaw: Flaw | undefined
  readonly #options: DurableLogOptions
  /** Stored and not committed. */
  readonly #held: Map<number, Item>
  #file: DiskFile
  #name: number
  readonly #wakers = new Wakers()
  #queue: Item[]
  #lent = 0
  #at: number
  #seq: number
  #last: Promise<void> = Promise.resolve()
  #broken: unknown
  #closed = false
  #spare: Buffer = Buffer.alloc(0)

  private constructor(options: DurableLogOptions, found: Found, flaw: Flaw | undefined) {
    this.#options = options
    this.#queue = found.items
    this.#held = new Map(found.items.map(item => [item.seq, item]))
    this.#name = found.name
    this.#file = found.file
    this.#at = found.at
    this.#seq = found.nextSeq
    this.#flaw = flaw
    const recovered = this.size + (flaw === 'tells wrong numbers' ? 1 : 0)
    this.recovery = { events: this.size, recovered, skipped: [], returned: [], elapsedMs: 0 }
  }

  static async open(options: DurableLogOptions, flaw?: Flaw): Promise<SimpleLog> {
    if (flaw === 'cries wolf') options.log.error('A part of the log is damaged.')
    if (flaw === 'leaves a timer behind') options.clock.after(1e9, () => {})
    return new SimpleLog(options, await recover(options, flaw), flaw)
  }

  get size(): number {
    return this.#queue.length + this.#lent + (this.#flaw === 'counts wrongly' ? 1 : 0)
  }

  putEach(batch: EventBatch, signal: AbortSignal): Promise<void> {
    return this.put(batch, signal)
  }

  async put(batch: EventBatch, _signal: AbortSignal): Promise<void> {
    const items = [...batch].map(({ text, headers }) => {
      const kept =
        this.#flaw === 'mixes headers' ? [] : headers.map(([name, value]): [string, string] => [name, value])
      return { seq: this.#seq++, body: text, headers: kept }
    })
    const early = this.#flaw === 'gives out before the write'
    if (early || this.#flaw === 'gives out what it refused') this.#add(items)
    const halves =
      this.#flaw === 'keeps half a put'
        ? [items.slice(0, items.length / 2), items.slice(items.length / 2)]
        : [items]
    const written = this.#writeAll(halves.map(half => ({ kind: 'put', items: half })))
    if (this.#flaw === 'acknowledges before the write') {
      written.catch(() => {})
      this.#add(items)
      return
    }
    try {
      await written
    } catch (error) {
      if (this.#flaw !== 'acknowledges what failed') throw error
    }
    if (!early && this.#flaw !== 'gives out what it refused') this.#add(items)
  }

  async take(max: number): Promise<Lease | undefined> {
    const items = this.#queue.slice(0, max)
    if (items.length === 0) return undefined
    if (this.#flaw !== 'lends twice') this.#queue = this.#queue.slice(items.length)
    this.#lent += items.length
    const builder = new BatchBuilder()
    for (const { body, headers } of items) builder.add(body, headers)
    let over = false
    const end = (): void => {
      over = true
      this.#lent -= items.length
    }
    return {
      batch: builder.build(),
      commit: async () => {
        const written = this.#writeAll(this.#takesOf(items))
        if (this.#flaw === 'commits before the write') written.catch(() => {})
        else await written
        end()
      },
      [Symbol.asyncDispose]: async () => {
        if (over) return
        end()
        if (this.#flaw === 'loses what is on loan') return
        this.#queue = [...this.#queue, ...items]
        if (this.#flaw !== 'gives back to the end') this.#queue.sort((one, other) => one.seq - other.seq)
        this.#wakers.wake()
      }
    }
  }

  filled(signal: AbortSignal): Promise<void> {
    return this.#queue.length > 0 ? Promise.resolve() : this.#wakers.wait(signal)
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#last
    if (this.#flaw !== 'leaves files open') await this.#file.close()
  }

  #takesOf(items: readonly Item[]): Entry[] {
    const seqs = items.map(({ seq }) => seq)
    if (this.#flaw === 'forgets commits') return []
    if (this.#flaw !== 'commits by halves' || seqs.length < 2) return [{ kind: 'take', seqs }]
    return [
      { kind: 'take', seqs: seqs.slice(0, 1) },
      { kind: 'take', seqs: seqs.slice(1) }
    ]
  }

  #add(items: readonly Item[]): void {
    this.#queue.push(...items)
    if (this.#flaw === 'drops the oldest' && this.#queue.length > 50) this.#queue.shift()
    this.#wakers.wake()
  }

  #writeAll(entries: readonly Entry[]): Promise<void> {
    const writing = this.#last.then(async () => {
      for (const entry of entries) await this.#write(entry)
    })
    this.#last = writing.catch(() => {})
    return writing
  }

  async #write(entry: Entry): Promise<void> {
    if (this.#closed) throw new AgentError('ERR_STOPPED', 'The log is closed.')
    if (this.#broken !== undefined && this.#flaw === 'stays broken')
      throw new AgentError('ERR_CHANNEL', 'The log is broken.', {}, this.#broken)
    const bytes = encode(entry, this.#flaw === 'writes into safe sectors' ? 1 : SECTOR)
    try {
      if (this.#broken !== undefined) await this.#renew()
      await writeFully(this.#file, this.#buffered(bytes), this.#at)
      this.#at += bytes.length
      if (entry.kind === 'put') for (const item of entry.items) this.#held.set(item.seq, item)
      else for (const seq of entry.seqs) this.#held.delete(seq)
    } catch (error) {
      if (this.#flaw !== 'acknowledges what failed') this.#broken = error
      throw new AgentError('ERR_CHANNEL', 'The disk failed.', {}, error)
    }
  }

  /** What was written to the file after a failure would stand behind a hole: everything goes to a new one. */
  async #renew(): Promise<void> {
    const [old, file] = [this.#name, this.#file]
    const begun = await begin(this.#options, this.#name + 1, this.#flaw, {
      items: [...this.#held.values()],
      nextSeq: this.#seq
    })
    this.#file = begun.file
    this.#at = begun.at
    this.#name++
    this.#broken = undefined
    await file.close().catch(() => undefined)
    await this.#options.disk.unlink(`${this.#options.folders[0]}/${old}`).catch(() => undefined)
  }

  #buffered(bytes: Buffer): Buffer {
    if (this.#flaw !== 'reuses its buffer') return bytes
    // Overwritten while it is being written, now and then.
    const previous = this.#spare
    this.#spare = bytes
    queueMicrotask(() => previous.fill(0))
    setImmediate(() => bytes.fill(1, bytes.length - 1))
    return bytes
  }
}

interface Found {
  readonly items: Item[]
  readonly file: DiskFile
  readonly name: number
  readonly at: number
  readonly nextSeq: number
}

async function recover(
  { disk, folders: [folder = '/'] }: DurableLogOptions,
  flaw: Flaw | undefined
): Promise<Found> {
  await disk.makeFolder(folder)
  if (flaw !== 'forgets to sync the folder') await disk.syncFolder(folder.slice(0, folder.lastIndexOf('/')))
  const names = (await disk.list(folder)).map(Number).sort((one, other) => one - other)
  const found = new Map<number, Item>()
  let nextSeq = 0
  for (const name of names) {
    const { items, next, complete } = decodeAll(await readWhole(disk, `${folder}/${name}`), flaw)
    if (!complete && name > (names[0] ?? 0)) continue
    nextSeq = Math.max(nextSeq, next)
    found.clear()
    for (const item of items) found.set(item.seq, item)
    if (flaw === 'keeps unsynced remains')
      return remains(disk, `${folder}/${name}`, { name, items: [...found.values()], nextSeq })
  }
  const name = (names.at(-1) ?? 0) + 1
  const items = [...found.values()]
  const begun = await begin({ disk, folders: [folder] }, name, flaw, { items, nextSeq })
  for (const old of flaw === 'leaves files behind' ? [] : names)
    await disk.unlink(`${folder}/${old}`).catch(() => undefined)
  return { items, name, ...begun, nextSeq }
}

/** A file that holds these events. */
async function begin(
  { disk, folders: [folder = '/'] }: Pick<DurableLogOptions, 'disk' | 'folders'>,
  name: number,
  flaw: Flaw | undefined,
  { items, nextSeq }: Pick<Found, 'items' | 'nextSeq'>
): Promise<Pick<Found, 'file' | 'at'>> {
  const file = await disk.open(`${folder}/${name}`, {
    create: true,
    synced: flaw !== 'acknowledges unsynced writes'
  })
  const bytes = Buffer.concat([encode({ kind: 'put', items }), encode({ kind: 'take', seqs: [-1, nextSeq] })])
  try {
    await writeFully(file, bytes, 0)
    if (flaw !== 'forgets to sync the folder') await disk.syncFolder(folder)
  } catch (error) {
    if (flaw !== 'leaves files open when it does not start') await file.close().catch(() => undefined)
    throw error
  }
  return { file, at: bytes.length }
}

async function remains(
  disk: Disk,
  path: string,
  found: Pick<Found, 'name' | 'items' | 'nextSeq'>
): Promise<Found> {
  const file = await disk.open(path, { create: false, synced: true })
  const bytes = await readWhole(disk, path)
  return { ...found, file, at: decodeAll(bytes, undefined).end }
}

async function writeFully(file: DiskFile, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done), position + done)
}

async function readWhole(disk: Disk, path: string): Promise<Buffer> {
  const file = await disk.open(path, { create: false, synced: false })
  try {
    const bytes = Buffer.alloc(await file.size())
    for (let done = 0; done < bytes.length;) done += await file.read(bytes.subarray(done), done)
    return bytes
  } finally {
    await file.close()
  }
}

/** u32 length of the JSON, u32 crc32 of it, JSON, zeros up to a whole sector. */
function encode(entry: Entry, align = SECTOR): Buffer {
  const json = Buffer.from(JSON.stringify(entry))
  const bytes = Buffer.alloc(Math.ceil((json.length + 8) / align) * align)
  bytes.writeUInt32LE(json.length, 0)
  bytes.writeUInt32LE(crc32(json), 4)
  json.copy(bytes, 8)
  return bytes
}

interface Decoded {
  readonly items: readonly Item[]
  readonly next: number
  readonly end: number
  /** Whether the first records, those that the start wrote, are there. */
  readonly complete: boolean
}

function decodeAll(bytes: Buffer, flaw: Flaw | undefined): Decoded {
  const align = flaw === 'writes into safe sectors' ? 1 : SECTOR
  const items = new Map<number, Item>()
  let next = 0
  let at = 0
  let complete = false
  while (at + 8 <= bytes.length) {
    const length = bytes.readUInt32LE(at)
    const json = bytes.subarray(at + 8, at + 8 + length)
    const sound = json.length === length && crc32(json) === bytes.readUInt32LE(at + 4)
    if (length === 0 || (!sound && flaw !== 'believes torn records')) break
    const entry = parsed(json) ?? (sound ? undefined : parsed(Buffer.from(wholeItemsOf(json))))
    if (entry === undefined) break
    if (entry.kind === 'put') for (const item of entry.items) items.set(item.seq, item)
    else if (entry.seqs[0] === -1) {
      next = entry.seqs[1] ?? 0
      complete = true
    } else for (const seq of entry.seqs) items.delete(seq)
    if (entry.kind === 'put') next = Math.max(next, (entry.items.at(-1)?.seq ?? -1) + 1)
    at += Math.ceil((length + 8) / (complete ? align : SECTOR)) * (complete ? align : SECTOR)
  }
  return { items: [...items.values()], next, end: at, complete }
}

/** The leading events of a torn put. */
function wholeItemsOf(json: Buffer): string {
  const text = json.toString('latin1').replaceAll('\0', '')
  return `${text.slice(0, text.lastIndexOf('},{'))}}]}`
}

function parsed(json: Buffer): Entry | undefined {
  try {
    return JSON.parse(json.toString()) as Entry
  } catch {
    return undefined
  }
}
