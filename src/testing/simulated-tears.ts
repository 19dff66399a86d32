import type { Random } from './random.ts'
import type { Content, WriteChange } from './simulated-content.ts'

/** What a disk writes whole or not at all, unless it tears. */
export const SECTOR = 512

/** A part of a write that reached the platter, or what shows in its place. */
export interface Piece {
  readonly position: number
  readonly bytes: Buffer
}

/** Where a write was to go. */
export interface Ground {
  /** What the file holds without it. */
  readonly under: Content
  /** What blocks that are new to the file may still hold: another file's bytes at the same positions. */
  readonly stale: Content | undefined
  /** Whether the block at a position is new to the file. */
  isNew(position: number): boolean
}

const TEARS = ['whole', 'none', 'none', 'prefix', 'suffix', 'some', 'garbage', 'stale'] as const

/**
 * What is left of a write that power loss interrupted. Sector by sector it is there or not; one that was just being
 * written may hold noise. The file may have grown all the same: then zeros show, or what the blocks held for others.
 */
export function piecesOf({ position, bytes }: WriteChange, ground: Ground, random: Random): Piece[] {
  if (bytes.length === 0) return []
  const tear = random.pick(TEARS)
  if (tear === 'whole') return [{ position, bytes }]
  const end = position + bytes.length
  const grown = random.chance(0.3) ? beyond(ground.under.size, end) : []
  if (tear === 'none') return grown
  const first = Math.floor(position / SECTOR)
  const sectors = Math.ceil(end / SECTOR) - first
  const cut = random.below(sectors + 1)
  const kept = (sector: number): boolean =>
    tear === 'prefix' ? sector < cut : tear === 'suffix' ? sector >= cut : random.chance(0.5)
  const pieces = grown
  for (let sector = 0; sector < sectors; sector++) {
    const start = (first + sector) * SECTOR
    if (tear === 'garbage' && random.chance(0.2)) {
      pieces.push({ position: start, bytes: random.bytes(SECTOR) })
    } else if (kept(sector)) {
      const from = Math.max(start, position)
      const to = Math.min(start + SECTOR, end)
      pieces.push({ position: from, bytes: bytes.subarray(from - position, to - position) })
    } else if (tear === 'stale' && (start >= ground.under.size || ground.isNew(start))) {
      pieces.push({
        position: start,
        bytes: ground.stale?.part(start, start + SECTOR) ?? Buffer.alloc(0)
      })
    }
  }
  return pieces
}

function beyond(size: number, end: number): Piece[] {
  return end <= size ? [] : [{ position: size, bytes: Buffer.alloc(end - size) }]
}
