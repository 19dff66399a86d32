import type { Random } from './random.ts'
import { BLOCK, type Change, Content } from './simulated-content.ts'
import { piecesOf } from './simulated-tears.ts'

/** Bytes that a call under way reads or writes. */
export interface Range {
  readonly kind: 'read' | 'write'
  readonly from: number
  readonly to: number
}

/** What decides what power loss leaves of a file. */
export interface PowerLoss {
  /** Changes under way. */
  readonly inFlight: readonly Change[]
  /** What blocks that are new to the file may hold. */
  readonly stale: Content | undefined
  /** Whether a block that was being written may be unreadable until it is written again. */
  readonly spoils: boolean
}

/** A file: what the page cache shows, what the platter holds for sure, and the changes between them. */
export class SimulatedFile {
  /** What reads see. */
  cached = new Content()
  /** Blocks that have room on the disk; a hole made by truncate has none. */
  readonly blocks = new Set<number>()
  /** Blocks that the platter does not give back, until they are written again. */
  readonly unreadable = new Set<number>()
  /** Reads and writes under way. */
  readonly underWay = new Set<Range>()
  links = 0
  handles = 0
  #platter = new Content()
  /** Blocks that the platter has for it. */
  #platterBlocks = new Set<number>()
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

  /** Where the first unreadable block from `position` on begins, or `position` when it lies in one; else Infinity. */
  readableUpTo(position: number): number {
    let first = Infinity
    for (const block of this.unreadable)
      if ((block + 1) * BLOCK > position) first = Math.min(first, Math.max(position, block * BLOCK))
    return first
  }

  /** Shows a change to readers; it is on the platter only once settled. */
  change(change: Change): void {
    this.cached.apply(change)
    this.#allocate(change)
    this.#changes.push(change)
    if (change.settled) this.settle([change])
  }

  /** Puts changes on the platter for ever. */
  settle(changes: readonly Change[]): void {
    for (const change of changes) change.settled = true
    const waiting: Change[] = []
    for (const change of this.#changes) {
      if (change.settled && waiting.every(earlier => !overlap(earlier, change))) {
        this.#platter.apply(change)
        allocate(this.#platterBlocks, change)
      } else waiting.push(change)
    }
    this.#changes = waiting
  }

  /** A failed sync: any page may stay dirty, be lost though readers still see it, or be lost for everybody. */
  dropPages(random: Random): void {
    for (const change of this.unsettled) if (random.chance(0.6)) this.#forget(change)
    if (random.chance(0.5)) this.cached = this.#stored()
  }

  /** A failed write: parts of it, or all, may have reached readers, and parts the platter. */
  tear(change: Change, random: Random): void {
    if (change.kind === 'truncate') {
      if (random.chance(0.5)) this.change({ ...change, settled: false })
      return
    }
    const shown = random.chance(0.4)
      ? [change]
      : piecesOf(change, { under: this.cached, ...NOTHING_STALE }, random)
    for (const piece of shown) this.cached.write(piece.bytes, piece.position)
    for (const { position, bytes } of piecesOf(change, { under: this.#platter, ...NOTHING_STALE }, random)) {
      const part: Change = { kind: 'write', position, bytes, settled: false }
      this.#changes.push(part)
      this.#allocate(part)
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

  /** The system takes memory for something else: pages that a failed sync left clean are read from the platter again. */
  evict(random: Random): void {
    const stored = this.#stored()
    if (random.chance(0.5)) {
      this.cached = stored
      return
    }
    for (let at = 0; at < stored.size; at += BLOCK)
      if (random.chance(0.5)) this.cached.write(stored.part(at, at + BLOCK), at)
  }

  /** The file as found after power loss. */
  afterPowerLoss({ inFlight, stale, spoils }: PowerLoss, random: Random): SimulatedFile {
    const found = this.#platter.copy()
    const unreadable = new Set(this.unreadable)
    const blocks = new Set(this.#platterBlocks)
    const isNew = (position: number): boolean => !blocks.has(Math.floor(position / BLOCK))
    for (const change of [...this.#changes, ...random.shuffled(inFlight)]) {
      if (change.settled) found.apply(change)
      else if (change.kind === 'truncate') {
        if (random.chance(0.5)) found.truncate(change.size)
      } else {
        for (const { position, bytes } of piecesOf(change, { under: found, stale, isNew }, random))
          found.write(bytes, position)
        if (spoils && random.chance(0.2))
          unreadable.add(Math.floor((change.position + random.below(change.bytes.length)) / BLOCK))
      }
      allocate(blocks, change)
    }
    const file = fileOf(found)
    for (const block of unreadable) if (block * BLOCK < found.size) file.unreadable.add(block)
    return file
  }

  /** The same file in another world: changes to one do not show in the other. */
  copy(): SimulatedFile {
    const copy = new SimulatedFile()
    copy.cached = this.cached.copy()
    copy.#platter = this.#platter.copy()
    copy.#changes = this.#changes.map(change => ({ ...change }))
    for (const block of this.blocks) copy.blocks.add(block)
    copy.#platterBlocks = new Set(this.#platterBlocks)
    for (const block of this.unreadable) copy.unreadable.add(block)
    return copy
  }

  /** What readers would see if nothing were in memory that need not be. */
  #stored(): Content {
    const stored = this.#platter.copy()
    for (const change of this.#changes) stored.apply(change)
    return stored
  }

  #forget(change: Change): void {
    this.#changes = this.#changes.filter(other => other !== change)
  }

  #allocate(change: Change): void {
    allocate(this.blocks, change)
    if (change.kind === 'truncate') return
    const end = change.position + change.bytes.length
    for (const block of this.unreadable)
      if (block * BLOCK >= change.position && (block + 1) * BLOCK <= end) this.unreadable.delete(block)
  }
}

const NOTHING_STALE = { stale: undefined, isNew: (): boolean => false }

/** What a change makes of the blocks that a file has. */
function allocate(blocks: Set<number>, change: Change): void {
  if (change.kind === 'truncate') {
    for (const block of blocks) if (block * BLOCK >= change.size) blocks.delete(block)
    return
  }
  const end = change.position + change.bytes.length
  for (let block = Math.floor(change.position / BLOCK); block * BLOCK < end; block++) blocks.add(block)
}

/** A file whose bytes are all on the platter. */
export function fileOf(content: Content): SimulatedFile {
  const file = new SimulatedFile()
  file.change({ kind: 'write', position: 0, bytes: content.bytes(), settled: true })
  return file
}

function overlap(one: Change, other: Change): boolean {
  if (one.kind === 'truncate' || other.kind === 'truncate') return true
  return (
    one.position < other.position + other.bytes.length && other.position < one.position + one.bytes.length
  )
}
