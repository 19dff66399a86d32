import { spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '../e2e/agent-process.ts'

const MEBIBYTE = 1024 * 1024
const SIZE = 48 * MEBIBYTE

/** A small file system of its own, which is really full when it is full. Unmounted when it leaves the scope. */
export class SmallDisk implements Disposable {
  readonly path: string
  readonly #folder: { path: string } & Disposable

  private constructor(folder: { path: string } & Disposable, path: string) {
    this.#folder = folder
    this.path = path
  }

  /** Undefined where one may not be mounted. */
  static mount(): SmallDisk | undefined {
    const folder = temporaryFolder()
    const path = join(folder.path, 'disk')
    mkdirSync(path)
    const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE}`, 'tmpfs', path])
    if (status === 0) return new SmallDisk(folder, path)
    folder[Symbol.dispose]()
    return undefined
  }

  /** Takes the room that is left, but for so many bytes. */
  fill(left = 0): void {
    const piece = Buffer.alloc(MEBIBYTE / 4)
    const file = openSync(this.#ballast, 'w')
    try {
      for (let room = this.#room(); room > left; room = this.#room())
        if (writeSync(file, piece, 0, Math.min(piece.length, room - left)) === 0) return
    } catch (error) {
      // The agent was quicker: there is no room left either way.
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
    } finally {
      closeSync(file)
    }
  }

  /** Gives the room back. */
  empty(): void {
    rmSync(this.#ballast, { force: true })
  }

  [Symbol.dispose](): void {
    spawnSync('umount', ['-l', this.path])
    this.#folder[Symbol.dispose]()
  }

  #room(): number {
    const { bavail, bsize } = statfsSync(this.path)
    return bavail * bsize
  }

  get #ballast(): string {
    return join(this.path, 'ballast')
  }
}
