import { systemCode } from '../core/errors.ts'
import { type DiskFile, NO_FILE } from './disk.ts'
import { BLOCK_BYTES } from './frame.ts'
import { readFully } from './segment.ts'

/** Why a part is given up. */
export const UNREADABLE = 'The disk cannot read this part.'

/** Bytes from `from` up to, not including, `to`. */
export interface ByteRange {
  readonly from: number
  readonly to: number
}

/** What is read from, and which parts of that the disk could not read. */
export interface SegmentReads {
  readonly unreadable: readonly ByteRange[]
  /** Resolves to how many bytes were read; 0 at the end. Where the disk cannot read there are zeros. */
  read(into: Buffer, position: number): Promise<number>
}

/** Decides on a place that cannot be read: resolves to give it up, rejects to leave it for a later attempt. */
export type GiveUp = (position: number, error: unknown) => Promise<void>

/** Of a device or file system that cannot give back what it has; errors of a way there that is down are others. */
const MEDIUM_CODES = new Set(['EIO', 'ENODATA', 'EILSEQ', 'EBADMSG', 'EUCLEAN', 'EREMOTEIO'])
/** Node has no names for some of them. */
const MEDIUM_NUMBERS = new Set([-74, -117, -121])

/** Whether a disk says that it cannot read what is there. */
export function isMediumError(error: unknown): boolean {
  const { code, errno } = (error ?? {}) as { readonly code?: unknown; readonly errno?: unknown }
  return MEDIUM_CODES.has(String(code)) || MEDIUM_NUMBERS.has(Number(errno))
}

/** Whether an error says that a file which has been there cannot be opened: the disk cannot, or its name leads nowhere. */
export function isOpenError(error: unknown): boolean {
  return isMediumError(error) || ['ENOENT', 'ELOOP', NO_FILE].includes(systemCode(error) ?? '')
}

/** Reads a file around the blocks that its disk cannot read. */
export class CarefulReader implements SegmentReads {
  readonly unreadable: ByteRange[] = []
  readonly #file: Pick<DiskFile, 'read'>
  readonly #giveUp: GiveUp

  constructor(file: Pick<DiskFile, 'read'>, giveUp: GiveUp) {
    this.#file = file
    this.#giveUp = giveUp
  }

  async read(into: Buffer, position: number): Promise<number> {
    try {
      return await this.#file.read(into, position)
    } catch (error) {
      if (!isMediumError(error)) throw error
      return this.#around(into, position)
    }
  }

  async #around(into: Buffer, position: number): Promise<number> {
    try {
      return await readFully(this.#file, into, position)
    } catch (error) {
      if (!isMediumError(error)) throw error
      if (into.length <= BLOCK_BYTES) {
        await this.#giveUp(position, error)
        this.#note(position, position + into.length)
        into.fill(0)
        return into.length
      }
    }
    const half = Math.ceil(into.length / 2 / BLOCK_BYTES) * BLOCK_BYTES
    const read = await this.#around(into.subarray(0, half), position)
    return read < half ? read : read + (await this.#around(into.subarray(half), position + half))
  }

  #note(from: number, to: number): void {
    const last = this.unreadable.at(-1)
    if (last !== undefined && last.from <= from && from <= last.to)
      this.unreadable[this.unreadable.length - 1] = { from: last.from, to: Math.max(last.to, to) }
    else this.unreadable.push({ from, to })
  }
}

/** Whether one of the ranges has a byte in `from` up to `to`. */
export function touches(ranges: readonly ByteRange[], from: number, to: number): boolean {
  return ranges.some(range => range.from < to && from < range.to)
}
