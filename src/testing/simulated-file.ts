import type { Random } from './random.ts'

/** What a disk writes whole or not at all, unless it tears. */
export const SECTOR = 512

/** What a file system gives to a file at a time. */
const BLOCK = 4096

/** Something done to a file that need not be on the platter yet. */
export type Change = WriteChange | { readonly kind: 'truncate'; readonly size: number; settled: boolean }

/** Bytes put somewhere. */
export interface WriteChange {
  readonly kind: 'write'
  readonly position: number
  readonly bytes: Buffer
  settled: boolean
}

/** Bytes that a call under way reads or writes. */
export interface Range {
  readonly kind: 'read' | 'write'
  readonly from: number
  readonly to: number
}

/** A part of a write that reached the platter; `bytes` are noise where the sector was being written. */
interface Piece {
  readonly position: number
  readonly bytes: Buffer
}

/** Bytes of a file that grow as they are written. */
export class Content {
  #bytes = Buffer.alloc(0)
  size = 0

  write(bytes: Buffer, position: number): void {
    this.#reserve(position + bytes.length)
    bytes.copy(this.#bytes, position)
    this.size = Math.max(this.size, position + bytes.length)
  }

  truncate(size: number): void {
    this.#reserve(size)
    if (size < this.size) this.#bytes.fill(0, size, this.size)
    this.size = size
  }

  read(into: Buffer, position: number): number {
    if (position >= this.size) return 0
    return this.#bytes.copy(into, 0, position, Math.min(this.size, position + into.length))
  }

  bytes(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.size))
  }

  copy(): Content {
    const copy = new Content()
    copy.write(this.#bytes.subarray(0, this.size), 0)
    return copy
  }

  #reserve(size: number): void {
    if (size <= this.#bytes.length) return
    const larger = Buffer.alloc(Math.max(size, this.#bytes.length * 2))
    this.#bytes.copy(larger, 0, 0, this.size)
    this.#bytes = larger
  }
}

/** A file: what the page cache shows, what the platter holds for sure, and the changes between them. */
export class SimulatedFile {
  /** What reads see. */
  cached = new Content()
  /** Blocks that have room on the disk; a hole made by truncate has none. */
  readonly blocks = new Set<number>()
  /** Reads and writes under way. */
  readonly underWay = new Set<Range>()
  links = 0
  handles = 0
  #platter = new Content()
  #changes: Change[] = []

  /** Bytes of the disk that it occupies. */
  get occupied(): number {
    return this.blocks.size * BLOCK
  }

  /** Changes that power loss may undo. */
  get unsettled(): Change[] {
    return this.#changes.filter(({ settled }) => !settled)
  }

  /** How many leading bytes of a write fit when `room` bytes of the disk are free. */
  fitting(position: number, length: number, room: number): number {
    let left = Math.floor(room / BLOCK)
    for (let at = position; at < position + length; at = (Math.floor(at / BLOCK) + 1) * BLOCK) {
      if (this.blocks.has(Math.floor(at / BLOCK))) continue
      if (left-- === 0) return at - position
    }
    return length
  }

  /** Shows a change to readers; it is on the platter only once settled. */
  change(change: Change): void {
    applyTo(this.cached, change)
    this.#allocate(change)
    this.#changes.push(change)
    if (change.settled) this.settle([change])
  }

  /** Puts changes on the platter for ever. */
  settle(changes: readonly Change[]): void {
    for (const change of changes) change.settled = true
    const waiting: Change[] = []
    for (const change of this.#changes) {
      if (change.settled && waiting.every(earlier => !overlap(earlier, change)))
        applyTo(this.#platter, change)
      else waiting.push(change)
    }
    this.#changes = waiting
  }

  /** A failed sync: any page may stay dirty, be lost though readers still see it, or be lost for everybody. */
  dropPages(random: Random): void {
    for (const change of this.unsettled) if (random.chance(0.6)) this.#forget(change)
    if (!random.chance(0.5)) return
    this.cached = this.#platter.copy()
    for (const change of this.#changes) applyTo(this.cached, change)
  }

  /** A failed write: parts of it may have reached readers, and parts the platter. */
  tear(change: Change, random: Random): void {
    for (const piece of piecesOf(change, this.cached, random)) this.cached.write(piece.bytes, piece.position)
    for (const { position, bytes } of piecesOf(change, this.#platter, random)) {
      this.#changes.push({ kind: 'write', position, bytes, settled: false })
      this.#allocate({ kind: 'write', position, bytes, settled: false })
    }
  }

  /** A write cut short by the end of the process: some leading pages of it are in the cache. */
  cutShort(change: Change, random: Random): void {
    if (change.kind === 'truncate') {
      if (random.chance(0.5)) this.change({ ...change, settled: false })
      return
    }
    const pages = random.below(Math.ceil(change.bytes.length / BLOCK) + 2)
    const end = Math.min(
      change.bytes.length,
      Math.max(0, (Math.floor(change.position / BLOCK) + pages) * BLOCK - change.position)
    )
    if (end > 0) this.change({ ...change, bytes: change.bytes.subarray(0, end), settled: false })
  }

  /** The file as found after power loss, with `inFlight` changes under way. */
  afterPowerLoss(inFlight: readonly Change[], random: Random): SimulatedFile {
    const found = this.#platter.copy()
    for (const change of [...this.#changes, ...random.shuffled(inFlight)]) {
      if (change.settled) applyTo(found, change)
      else if (change.kind === 'truncate') {
        if (random.chance(0.5)) found.truncate(change.size)
      } else for (const piece of piecesOf(change, found, random)) found.write(piece.bytes, piece.position)
    }
    return fileOf(found)
  }

  /** The same file in another world: changes to one do not show in the other. */
  copy(): SimulatedFile {
    const copy = new SimulatedFile()
    copy.cached = this.cached.copy()
    copy.#platter = this.#platter.copy()
    copy.#changes = this.#changes.map(change => ({ ...change }))
    for (const block of this.blocks) copy.blocks.add(block)
    return copy
  }

  #forget(change: Change): void {
    this.#changes = this.#changes.filter(other => other !== change)
  }

  #allocate(change: Change): void {
    if (change.kind === 'truncate') {
      for (const block of this.blocks) if (block * BLOCK >= change.size) this.blocks.delete(block)
      return
    }
    const end = change.position + change.bytes.length
    for (let block = Math.floor(change.position / BLOCK); block * BLOCK < end; block++) this.blocks.add(block)
  }
}

/** A file whose bytes are all on the platter. */
export function fileOf(content: Content): SimulatedFile {
  const file = new SimulatedFile()
  file.change({ kind: 'write', position: 0, bytes: content.bytes(), settled: true })
  return file
}

function applyTo(content: Content, change: Change): void {
  if (change.kind === 'truncate') content.truncate(change.size)
  else content.write(change.bytes, change.position)
}

function overlap(one: Change, other: Change): boolean {
  if (one.kind === 'truncate' || other.kind === 'truncate') return true
  return (
    one.position < other.position + other.bytes.length && other.position < one.position + one.bytes.length
  )
}

const TEARS = ['whole', 'none', 'zeros', 'prefix', 'suffix', 'some', 'garbage'] as const

/** What is left of a write that power loss interrupted, by sectors. */
function piecesOf(change: Change, under: Content, random: Random): Piece[] {
  if (change.kind === 'truncate' || change.bytes.length === 0) return []
  const { position, bytes } = change
  const tear = random.pick(TEARS)
  if (tear === 'whole') return [{ position, bytes }]
  if (tear === 'none') return []
  // The size grew, the bytes did not come.
  if (tear === 'zeros') return beyond(position + bytes.length, under)
  const first = Math.floor(position / SECTOR)
  const sectors = Math.ceil((position + bytes.length) / SECTOR) - first
  const cut = random.below(sectors + 1)
  const kept = (sector: number): boolean =>
    tear === 'prefix' ? sector < cut : tear === 'suffix' ? sector >= cut : random.chance(0.5)
  const pieces: Piece[] = []
  for (let sector = 0; sector < sectors; sector++) {
    const start = (first + sector) * SECTOR
    if (tear === 'garbage' && random.chance(0.2))
      pieces.push({ position: start, bytes: random.bytes(SECTOR) })
    else if (kept(sector)) {
      const from = Math.max(start, position)
      const to = Math.min(start + SECTOR, position + bytes.length)
      pieces.push({ position: from, bytes: bytes.subarray(from - position, to - position) })
    }
  }
  return pieces
}

function beyond(end: number, under: Content): Piece[] {
  if (end <= under.size) return []
  return [{ position: under.size, bytes: Buffer.alloc(end - under.size) }]
}
