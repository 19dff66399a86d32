import { AgentError, messageOf } from '../core/errors.ts'
import { decodeChecked, encodeChecked } from './checked-json.ts'
import type { Disk } from './disk.ts'
import { readWhole, replaceFile } from './replace-file.ts'

const MOST_BYTES = 16 * 1024 * 1024

/** How a position, or all those of a source, stand in their file. */
export interface PositionFormat<Position> {
  encode(position: Position): Buffer
  /** Throws where the bytes are none of this format, or not all of it. */
  decode(bytes: Buffer): Position
}

/** What a start finds. A damaged file stays until the next write. */
export type FoundPosition<Position> =
  | { readonly state: 'none' }
  | { readonly state: 'damaged'; readonly reason: string }
  | { readonly state: 'found'; readonly position: Position }

/** Positions of ours that no other program reads: checked JSON. `check` throws where the value is of another form. */
export function checkedFormat<Position extends object>(
  check: (value: unknown) => Position
): PositionFormat<Position> {
  return { encode: encodeChecked, decode: bytes => check(decodeChecked(bytes)) }
}

/**
 * A small file that says how far a source has come. Whenever the process or the power ends, it holds the position of the
 * last write that resolved, or of a later one, never a part of one. The folder must be there.
 */
export class PositionFile<Position> {
  readonly #disk: Disk
  readonly #path: string
  readonly #format: PositionFormat<Position>
  /** What is on the disk for sure. */
  #written: Buffer | undefined
  /** Goes out with the next write. */
  #next: Position | undefined
  #waiting: Promise<void> | undefined
  /** The write under way; never rejects. */
  #running: Promise<unknown> = Promise.resolve()

  constructor(disk: Disk, path: string, format: PositionFormat<Position>) {
    this.#disk = disk
    this.#path = path
    this.#format = format
  }

  /** Rejects when the disk cannot read it now: that is not to be taken for none. */
  async read(): Promise<FoundPosition<Position>> {
    const bytes = await readWhole(this.#disk, this.#path, MOST_BYTES)
    if (bytes === undefined) return { state: 'none' }
    try {
      return { state: 'found', position: this.#format.decode(bytes) }
    } catch (error) {
      return { state: 'damaged', reason: messageOf(error) }
    }
  }

  /**
   * Resolves once this position, or one that was given later, is safe on the disk; those given while a write is under way
   * go out together, as the last of them. Rejects when the disk refuses, which keeps what was there; with ERR_UNSUPPORTED
   * when the file would have more than 16 MiB.
   */
  write(position: Position): Promise<void> {
    this.#next = position
    this.#waiting ??= this.#running.then(() => {
      this.#waiting = undefined
      const work = this.#write(this.#next as Position)
      this.#running = work.catch(() => undefined)
      return work
    })
    return this.#waiting
  }

  async #write(position: Position): Promise<void> {
    const bytes = this.#format.encode(position)
    if (bytes.length > MOST_BYTES) {
      const facts = { file: this.#path, bytes: bytes.length, most: MOST_BYTES }
      throw new AgentError('ERR_UNSUPPORTED', 'The positions are too many for one file.', facts)
    }
    if (this.#written?.equals(bytes) === true) return
    this.#written = undefined
    await replaceFile(this.#disk, this.#path, bytes)
    this.#written = bytes
  }
}
