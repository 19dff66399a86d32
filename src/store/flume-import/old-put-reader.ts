import type { BatchBuilder } from '../../core/batch-builder.ts'
import { FileWindow, type ReadableFile } from './file-window.ts'
import type { FlumeLog } from './flume-logs.ts'
import { HeaderCache } from './header-cache.ts'
import { PUT } from './log-record.ts'
import { emptyHead, OLD_HEAD_BYTES, PutWalk, readOldHead, readOldHeaders } from './old-record.ts'

const PEEK_BYTES = 4096

/** How much of a file is in memory. */
export interface WindowBytes {
  readonly chunk: number
  /** In front of what is read: small steps back need no reading. */
  readonly before: number
}

/** Reads puts of one log of version 2. */
export class OldPutReader {
  readonly path: string
  readonly #file: ReadableFile
  readonly #window: FileWindow
  readonly #before: number
  readonly #walk: PutWalk
  readonly #head = emptyHead()
  readonly #headers = new HeaderCache(readOldHeaders)

  constructor(file: ReadableFile, { path, bytes }: FlumeLog, { chunk, before }: WindowBytes) {
    this.path = path
    this.#file = file
    this.#window = new FileWindow(file, bytes, chunk)
    this.#before = before
    this.#walk = new PutWalk(bytes)
  }

  /** Whether the whole record at `offset` is in memory. */
  ready(offset: number): boolean {
    return this.#length(offset) > 0
  }

  async load(offset: number): Promise<void> {
    const [window, walk] = [this.#window, this.#walk.begin(offset)]
    let state = walk.go(window.bytes, window.start, window.end)
    while (state === 'more') {
      const bytes = await window.peek(walk.at, PEEK_BYTES)
      state = walk.go(bytes, walk.at, walk.at + bytes.length)
    }
    await window.move(offset, state === 'done' ? walk.end - offset : OLD_HEAD_BYTES, this.#before)
  }

  /** Adds the event at `offset` to the batch and returns the record's length; minus that when it cannot be read. */
  addTo(builder: BatchBuilder, offset: number): number {
    const length = this.#length(offset)
    if (length < 0) return length
    const [{ bytes, start }, { headersStart, headersEnd, bodyStart, end }] = [this.#window, this.#walk]
    const headers = { headersStart: headersStart - start, headersEnd: headersEnd - start }
    if (!this.#headers.read(bytes, headers)) return -length
    builder.add(bytes.subarray(bodyStart - start, end - start), this.#headers.pairs)
    return length
  }

  close(): Promise<void> {
    return this.#file.close()
  }

  /** Of the put at `offset`; negative where there is none, or not all of it in memory. */
  #length(offset: number): number {
    const window = this.#window
    if (!window.covers(offset, OLD_HEAD_BYTES)) return -OLD_HEAD_BYTES
    const head = readOldHead(this.#head, window.bytes, offset - window.start, OLD_HEAD_BYTES)
    const walk = this.#walk.begin(offset)
    if (head.type !== PUT || walk.go(window.bytes, window.start, window.end) !== 'done')
      return -OLD_HEAD_BYTES
    return window.covers(offset, walk.end - offset) ? walk.end - offset : -OLD_HEAD_BYTES
  }
}
