import { createReadStream, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { LineCheck } from './lines.ts'

const POLL_MS = 2
const LIST_EVERY = 25

/** The files below a folder that a measured program writes its lines to. */
export class OutputFiles {
  readonly folder: string
  #files: string[] = []
  #polls = 0

  constructor(folder: string) {
    this.folder = folder
  }

  /** Bytes in all files now. */
  get bytes(): number {
    if (this.#polls++ % LIST_EVERY === 0 || this.#files.length === 0) this.#files = filesBelow(this.folder)
    const bytes = sizeOf(this.#files)
    if (bytes !== undefined) return bytes
    this.#files = filesBelow(this.folder)
    return sizeOf(this.#files) ?? 0
  }

  /** Resolves once there are `bytes`, to the time (ns, monotonic); rejects when nothing moves for `stallMs`. */
  async reach(bytes: number, stallMs: number): Promise<bigint> {
    let seen = -1
    let moved = Date.now()
    for (;;) {
      const size = this.bytes
      if (size >= bytes) return process.hrtime.bigint()
      if (size > seen) moved = Date.now()
      seen = size
      if (Date.now() - moved > stallMs) throw new Error(`The output stays at ${size} of ${bytes} bytes.`)
      await sleep(POLL_MS)
    }
  }

  /** Reads everything, in the order of the file names, and looks at every line. */
  async check(connections: number): Promise<LineCheck> {
    const check = new LineCheck(connections)
    for (const file of filesBelow(this.folder)) {
      for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) check.add(chunk as Buffer)
    }
    return check
  }
}

function filesBelow(folder: string): string[] {
  const byNumber = new Intl.Collator('en', { numeric: true }).compare
  return entriesBelow(folder)
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
    .sort(byNumber)
}

function entriesBelow(folder: string) {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
  } catch {
    return [] // a folder vanished, or is not there yet
  }
}

function sizeOf(files: readonly string[]): number | undefined {
  let bytes = 0
  for (const file of files) {
    const status = statSync(file, { throwIfNoEntry: false })
    if (status === undefined) return undefined
    bytes += status.size
  }
  return bytes
}
