import type { Log } from '../core/contracts.ts'
import { messageOf } from '../core/errors.ts'
import { Background } from './background.ts'
import { writeSealFrame } from './frame-codec.ts'
import { BLOCK_BYTES } from './frame.ts'
import { newStaging } from './put-codec.ts'
import { lastBlock } from './segment-header.ts'
import { type Segment, sealPosition, writeAll } from './segment.ts'
import type { SyncTimes } from './sync-times.ts'
import type { WriteGroup } from './write-group.ts'

/** What the line works with and tells. */
export interface LineParts {
  readonly depth: number
  readonly log: Log
  readonly times: SyncTimes
  /** The group and all before it are on the disk. */
  durable(group: WriteGroup): void
  /** These groups are not, and nothing is being written. */
  failed(groups: readonly WriteGroup[], error: unknown): void
  /** A segment was closed. */
  settled(): void
  /** No name leads to the file of a segment that is complete; it is still open. */
  deserted(segment: Segment): void
}

/**
 * Groups on their way to the disk, several at once. What is said about them is said in order. The first group of a
 * segment waits until all of the segment before it is on the disk, so that between two segments there is no hole.
 */
export class GroupLine {
  readonly #parts: LineParts
  #pending: WriteGroup[] = []
  #writing: WriteGroup[] = []
  #current: Segment | undefined
  #error: { readonly cause: unknown } | undefined
  readonly #closing = new Background()

  constructor(parts: LineParts) {
    this.#parts = parts
  }

  /** Whether a group could be written at once. */
  get hasRoom(): boolean {
    return this.#writing.length < this.#parts.depth && this.#error === undefined
  }

  /** Whether groups wait. */
  get waiting(): boolean {
    return this.#pending.length > 0
  }

  get empty(): boolean {
    return this.#pending.length === 0 && this.#writing.length === 0
  }

  /** Adds a group at the end; issue() begins to write it. */
  add(group: WriteGroup): void {
    this.#pending.push(group)
  }

  /** Begins to write as many groups as may be under way. */
  issue(): void {
    while (this.hasRoom) {
      const [group] = this.#pending
      if (group === undefined) return
      if (group.segment !== this.#current) {
        if (this.#writing.length > 0) return
        if (this.#current !== undefined) this.#closing.add(this.finish(this.#current))
        this.#current = group.segment
      }
      this.#pending.shift()
      this.#writing.push(group)
      this.#write(group).catch((error: unknown) => this.#broke(group, error))
    }
  }

  /** The segment that was written to last, and is not closed. */
  get current(): Segment | undefined {
    return this.#current
  }

  /** Writes no more to a segment; groups on their way to it fail. */
  interrupt(segment: Segment, cause: unknown): void {
    if (segment === this.#current) this.#current = undefined
    this.#error ??= { cause }
    this.#settle()
  }

  /** Seals and closes a segment that is complete. A seal that fails costs a scan at the next start. */
  async finish(segment: Segment): Promise<void> {
    const { file } = segment
    if (file === undefined || segment.failed) return
    if (segment === this.#current) this.#current = undefined
    segment.nameless = await isNameless(segment)
    if (segment.nameless) return this.#parts.deserted(segment)
    try {
      if (!segment.reserve && segment.stated) {
        await writeSeal(segment)
        segment.sealed = true
      }
    } catch (error) {
      this.#parts.log.warn('A segment could not be sealed; the next start reads it whole.', {
        file: segment.path,
        reason: messageOf(error)
      })
    }
    await this.#close(segment)
  }

  /** Nothing more is written to this segment; what is on disk stays valid. */
  abandon(segment: Segment): void {
    if (segment.failed) return
    segment.failed = true
    if (segment === this.#current) this.#current = undefined
    this.#closing.add(this.#close(segment))
  }

  /** Resolves once every segment that was to be closed is. */
  async close(): Promise<void> {
    await this.#closing.settled()
  }

  async #close(segment: Segment): Promise<void> {
    try {
      await segment.file?.close()
    } catch (error) {
      this.#parts.log.debug('A segment could not be closed.', {
        file: segment.path,
        reason: messageOf(error)
      })
    }
    segment.file = undefined
    this.#parts.settled()
  }

  async #write(group: WriteGroup): Promise<void> {
    group.state = 'writing'
    group.issuedAt = performance.now()
    const { file } = group.segment
    if (file === undefined) throw new Error('The segment is closed.')
    await writeAll(file, group.blocks(), group.position)
    if (group.segment.nameless) throw new Error('The file has lost its name.')
    group.state = 'written'
    this.#parts.times.add(performance.now() - group.issuedAt, group.complete.length)
    this.#settle()
  }

  #broke(group: WriteGroup, error: unknown): void {
    group.state = 'failed'
    this.#error ??= { cause: error }
    this.#settle()
  }

  #settle(): void {
    let [first] = this.#writing
    while (first?.state === 'written') {
      this.#writing.shift()
      this.#parts.durable(first)
      first = this.#writing[0]
    }
    if (this.#error === undefined || this.#writing.some(({ state }) => state === 'writing')) return
    const { cause } = this.#error
    const groups = [...this.#writing, ...this.#pending]
    this.#error = undefined
    this.#writing = []
    this.#pending = []
    this.#parts.failed(groups, cause)
  }
}

/** Whether no name leads to a segment's open file; false where that cannot be told. */
export async function isNameless({ file, path }: Segment): Promise<boolean> {
  return file !== undefined && !(await file.isAt(path).catch(() => true))
}

/** Writes the seal into the segment's last block. */
export async function writeSeal(segment: Segment): Promise<void> {
  const staging = newStaging(BLOCK_BYTES)
  lastBlock(segment.header).copy(staging.bytes)
  const position = sealPosition(segment)
  const { firstEvent, nextEvent, headEvents, tailEvents, end } = segment
  writeSealFrame(
    segment,
    {
      staging,
      at: 0,
      position,
      before: segment.lastFrame,
      durable: end,
      seconds: Math.floor(segment.created / 1000)
    },
    { firstEvent, nextEvent, headEvents, tailEvents, end }
  )
  if (segment.file !== undefined) await writeAll(segment.file, staging.bytes, position)
}
