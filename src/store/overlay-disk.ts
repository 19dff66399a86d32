import { dirname, join } from 'node:path'
import type { Disk, DiskFile, FolderStamp } from './disk.ts'

const PAGE_BYTES = 64 * 1024

/**
 * A view of a disk that can be written to while the disk stays as it is: changes are kept in memory, pages without
 * anything but zeros for free. A log opened on it can be read to its end, and taken from, without leaving a trace.
 */
export function overlayDisk(below: ReadDisk): Disk {
  return new OverlayDisk(below)
}

/** What the view takes of the disk. */
export interface ReadDisk {
  open(path: string, options: Parameters<Disk['open']>[1]): Promise<Pick<DiskFile, 'read' | 'size' | 'close'>>
  list(folder: string): Promise<string[]>
}

class OverlayDisk implements Disk {
  readonly #below: ReadDisk
  /** What became of names; undefined: removed. */
  readonly #names = new Map<string, OverlayContent | undefined>()
  readonly #folders = new Set<string>()

  constructor(below: ReadDisk) {
    this.#below = below
  }

  async open(path: string, { create }: { readonly create: boolean }): Promise<DiskFile> {
    const content = await this.#find(path)
    if (content !== undefined) return new OverlayFile(content)
    if (!create) throw missing(path)
    const made = new OverlayContent(undefined, 0)
    this.#names.set(path, made)
    return new OverlayFile(made)
  }

  async rename(from: string, to: string): Promise<void> {
    const content = await this.#find(from)
    if (content === undefined) throw missing(from)
    this.#names.set(from, undefined)
    this.#names.set(to, content)
  }

  async unlink(path: string): Promise<void> {
    if ((await this.#find(path)) === undefined) throw missing(path)
    this.#names.set(path, undefined)
  }

  async list(folder: string): Promise<string[]> {
    let names: string[]
    try {
      names = await this.#below.list(folder)
    } catch (error) {
      if (!this.#folders.has(folder)) throw error
      names = []
    }
    const here = [...this.#names].filter(([path]) => dirname(path) === folder)
    const gone = new Set(here.map(([path]) => path))
    const added = here.flatMap(([path, content]) => (content === undefined ? [] : [path]))
    const kept = names.map(name => join(folder, name)).filter(path => !gone.has(path))
    const made = [...this.#folders].filter(path => dirname(path) === folder)
    return [...new Set([...kept, ...added, ...made])].map(path => path.slice(folder.length + 1))
  }

  /** The view stays as it was, whatever becomes of the disk. */
  stamp(folder: string): Promise<FolderStamp> {
    return Promise.resolve({ identity: folder, change: '' })
  }

  makeFolder(folder: string): Promise<void> {
    this.#folders.add(folder)
    return Promise.resolve()
  }

  removeFolder(folder: string): Promise<void> {
    this.#folders.delete(folder)
    return Promise.resolve()
  }

  syncFolder(): Promise<void> {
    return Promise.resolve()
  }

  freeBytes(): Promise<number> {
    return Promise.resolve(Number.MAX_SAFE_INTEGER)
  }

  /** A file by its name now; undefined when there is none. */
  async #find(path: string): Promise<OverlayContent | undefined> {
    if (this.#names.has(path)) return this.#names.get(path)
    if (
      !(await this.#below.list(dirname(path)).catch((): string[] => [])).includes(
        path.slice(dirname(path).length + 1)
      )
    )
      return undefined
    const file = await this.#below.open(path, { create: false, synced: false })
    const size = await file.size()
    await file.close()
    const content = new OverlayContent(() => this.#below.open(path, { create: false, synced: false }), size)
    this.#names.set(path, content)
    return content
  }
}

type ReadFile = Pick<DiskFile, 'read' | 'size' | 'close'>

/** Bytes of one file: pages that were written, over the file below. */
class OverlayContent {
  size: number
  readonly #open: (() => Promise<ReadFile>) | undefined
  /** Of the file below, so much still counts. */
  #belowSize: number
  readonly #pages = new Map<number, Buffer>()
  #below: Promise<ReadFile> | undefined
  #users = 0

  constructor(open: (() => Promise<ReadFile>) | undefined, size: number) {
    this.#open = open
    this.size = size
    this.#belowSize = size
  }

  use(): void {
    this.#users++
  }

  async release(): Promise<void> {
    if (--this.#users > 0 || this.#below === undefined) return
    const below = await this.#below
    this.#below = undefined
    await below.close()
  }

  async read(into: Buffer, position: number): Promise<number> {
    const length = Math.max(0, Math.min(into.length, this.size - position))
    if (length === 0) return 0
    await this.#readBelow(into.subarray(0, length), position)
    for (let at = position; at < position + length;) {
      const page = Math.floor(at / PAGE_BYTES)
      const end = Math.min(position + length, (page + 1) * PAGE_BYTES)
      this.#pages.get(page)?.copy(into, at - position, at - page * PAGE_BYTES, end - page * PAGE_BYTES)
      at = end
    }
    return length
  }

  async write(bytes: Buffer, position: number): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const page = Math.floor((position + at) / PAGE_BYTES)
      const from = position + at - page * PAGE_BYTES
      const part = bytes.subarray(at, at + PAGE_BYTES - from)
      const known = this.#pages.get(page) ?? (await this.#pageFor(page, part))
      if (known !== undefined) part.copy(known, from)
      at += part.length
    }
    this.size = Math.max(this.size, position + bytes.length)
  }

  truncate(bytes: number): void {
    for (const [page, content] of this.#pages) {
      if (page * PAGE_BYTES >= bytes) this.#pages.delete(page)
      else if ((page + 1) * PAGE_BYTES > bytes) content.fill(0, bytes - page * PAGE_BYTES)
    }
    this.#belowSize = Math.min(this.#belowSize, bytes)
    this.size = bytes
  }

  /** A page with what it held; undefined when it holds zeros and gets zeros. */
  async #pageFor(page: number, part: Buffer): Promise<Buffer | undefined> {
    const isBelow = page * PAGE_BYTES < this.#belowSize
    if (!isBelow && part.every(byte => byte === 0)) return undefined
    const content = Buffer.alloc(PAGE_BYTES)
    await this.#readBelow(content, page * PAGE_BYTES)
    const raced = this.#pages.get(page)
    if (raced !== undefined) return raced
    this.#pages.set(page, content)
    return content
  }

  /** Fills `into` from the file below, with zeros behind its end. */
  async #readBelow(into: Buffer, position: number): Promise<void> {
    const length = Math.max(0, Math.min(into.length, this.#belowSize - position))
    into.fill(0, length)
    if (length === 0 || this.#open === undefined) return
    this.#below ??= this.#open()
    const below = await this.#below
    for (let filled = 0; filled < length;) {
      const read = await below.read(into.subarray(filled, length), position + filled)
      if (read === 0) {
        into.fill(0, filled, length)
        return
      }
      filled += read
    }
  }
}

class OverlayFile implements DiskFile {
  readonly #content: OverlayContent

  constructor(content: OverlayContent) {
    this.#content = content
    content.use()
  }

  async write(bytes: Buffer, position: number): Promise<number> {
    await this.#content.write(bytes, position)
    return bytes.length
  }

  read(into: Buffer, position: number): Promise<number> {
    return this.#content.read(into, position)
  }

  sync(): Promise<void> {
    return Promise.resolve()
  }

  size(): Promise<number> {
    return Promise.resolve(this.#content.size)
  }

  isAt(): Promise<boolean> {
    return Promise.resolve(true)
  }

  truncate(bytes: number): Promise<void> {
    this.#content.truncate(bytes)
    return Promise.resolve()
  }

  close(): Promise<void> {
    return this.#content.release()
  }
}

function missing(path: string): Error {
  return Object.assign(new Error(`ENOENT: no such file, '${path}'`), { code: 'ENOENT' })
}
