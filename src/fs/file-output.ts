import { statfsSync, writev, writevSync } from 'node:fs'

/** After a write that took longer, the next ones go through the thread pool: a few, twice as many each time in a row. */
const SLOW_MS = 5
const FIRST_PATIENCE = 2
const MOST_PATIENCE = 64

/**
 * statfs numbers of file systems on this machine's own disks and memory, where a write is a copy into the page cache.
 * Source: linux/magic.h. Others (network, FUSE, unknown) may hang.
 */
const LOCAL_FILE_SYSTEMS: ReadonlySet<number> = new Set([
  0xef53, // ext2, ext3, ext4
  0x58465342, // xfs
  0x9123683e, // btrfs
  0x2fc12fc1, // zfs
  0x01021994, // tmpfs
  0x858458f6, // ramfs
  0xf2f52010, // f2fs
  0x794c7630 // overlayfs
])

/** Whether writes to files in this folder are answered by the page cache. */
export function isLocalDisk(folder: string): boolean {
  try {
    return LOCAL_FILE_SYSTEMS.has(statfsSync(folder).type)
  } catch {
    return false
  }
}

/** The system's calls; tests put short writes, slow ones and errors in their place. */
export interface WriteCalls {
  /** Milliseconds since any moment. */
  now(): number
  writevSync(descriptor: number, chunks: readonly Buffer[], position: number): number
  writev(
    descriptor: number,
    chunks: readonly Buffer[],
    position: number,
    done: (error: Error | null, written: number) => void
  ): void
}

const SYSTEM_CALLS: WriteCalls = { writev, writevSync, now: () => performance.now() }

/**
 * Writes to one open file, whole and in order. A hop through the thread pool costs 100 µs of CPU, a write of 100 KiB
 * into the page cache 20 µs: so writes are made in place, as long as they are quick and the disk is a local one. One
 * that is slow sends the next ones through the pool: few if it may have been another process that took the core, many
 * if the kernel goes on holding writers back.
 */
export class FileOutput {
  readonly #descriptor: number
  readonly #local: boolean
  readonly #system: WriteCalls
  #patient = 0
  #patience = FIRST_PATIENCE

  constructor(descriptor: number, local: boolean, system: WriteCalls = SYSTEM_CALLS) {
    this.#descriptor = descriptor
    this.#local = local
    this.#system = system
  }

  /** Resolves to the position behind the bytes; rejects with the system's error after writing some or none. */
  async write(chunks: readonly Buffer[], position: number): Promise<number> {
    let left = skipBytes(chunks, 0)
    let at = position
    while (left.length > 0) {
      const written = this.#inPlace() ? this.#writeNow(left, at) : await this.#writeInPool(left, at)
      at += written
      left = skipBytes(left, written)
    }
    return at
  }

  #inPlace(): boolean {
    if (!this.#local) return false
    if (this.#patient === 0) return true
    this.#patient--
    return false
  }

  #writeNow(chunks: readonly Buffer[], position: number): number {
    const startedAt = this.#system.now()
    const written = this.#system.writevSync(this.#descriptor, chunks, position)
    if (this.#system.now() - startedAt > SLOW_MS) {
      this.#patient = this.#patience
      this.#patience = Math.min(2 * this.#patience, MOST_PATIENCE)
    } else {
      this.#patience = FIRST_PATIENCE
    }
    return written
  }

  #writeInPool(chunks: readonly Buffer[], position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#system.writev(this.#descriptor, chunks, position, (error, written) =>
        error === null ? resolve(written) : reject(error)
      )
    })
  }
}

/** The chunks without their first `count` bytes, and without empty ones. */
export function skipBytes(chunks: readonly Buffer[], count: number): readonly Buffer[] {
  if (count === 0 && chunks.every(chunk => chunk.length > 0)) return chunks
  let skip = count
  const left: Buffer[] = []
  for (const chunk of chunks) {
    if (skip < chunk.length) left.push(skip === 0 ? chunk : chunk.subarray(skip))
    skip = Math.max(0, skip - chunk.length)
  }
  return left
}
