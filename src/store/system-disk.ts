import { constants, read, write } from 'node:fs'
import { mkdir, open, readdir, rename, stat, statfs, unlink, type FileHandle } from 'node:fs/promises'
import { systemCode } from '../core/errors.ts'
import type { Disk, DiskFile } from './disk.ts'
import { openFile } from './open-file.ts'
import { WriteThreads } from './write-threads.ts'

/** Codes that say that no file has the name. */
const NOT_THERE = new Set(['ENOENT', 'ENOTDIR', 'ELOOP'])

const PLACES: Omit<Disk, 'open'> = {
  rename,
  unlink,
  list: folder => readdir(folder),
  async stamp(folder) {
    const found = await stat(folder, { bigint: true })
    return { identity: identityOf(found), change: `${found.mtimeNs}:${found.ctimeNs}` }
  },
  makeFolder: async folder => void (await mkdir(folder, { recursive: true })),
  async syncFolder(folder) {
    const handle = await open(folder, constants.O_RDONLY)
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  },
  async freeBytes(folder) {
    const { bavail, bsize } = await statfs(folder)
    return bavail * bsize
  }
}

/** The files of this computer. What the log writes from shared memory goes through threads of its own. */
export const systemDisk: Disk = diskWith(new WriteThreads())

/** The files of this computer, written through these threads where they take it, else through Node's, as reads are. */
export function diskWith(threads: WriteThreads): Disk {
  return {
    ...PLACES,
    async open(path, { create, synced }) {
      const flags = constants.O_RDWR | (create ? constants.O_CREAT : 0) | (synced ? constants.O_DSYNC : 0)
      const handle = await openFile(path, flags)
      return new SystemFile(handle, synced ? threads : undefined)
    }
  }
}

/** The callback forms of fs: half the cost of their promises. The handle keeps the descriptor from being collected. */
class SystemFile implements DiskFile {
  readonly #handle: FileHandle
  readonly #threads: WriteThreads | undefined
  #identity: string | undefined

  constructor(handle: FileHandle, threads: WriteThreads | undefined) {
    this.#handle = handle
    this.#threads = threads
    threads?.opened()
  }

  write(bytes: Buffer, position: number): Promise<number> {
    const written = this.#threads?.write(this.#handle.fd, bytes, position)
    if (written !== undefined) return written
    return new Promise((resolve, reject) => {
      write(this.#handle.fd, bytes, 0, bytes.length, position, (error, written) => {
        if (error === null) resolve(written)
        else reject(error)
      })
    })
  }

  read(into: Buffer, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      read(this.#handle.fd, into, 0, into.length, position, (error, count) => {
        if (error === null) resolve(count)
        else reject(error)
      })
    })
  }

  async sync(): Promise<void> {
    await this.#handle.datasync()
  }

  async size(): Promise<number> {
    return (await this.#handle.stat()).size
  }

  async isAt(path: string): Promise<boolean> {
    this.#identity ??= identityOf(await this.#handle.stat({ bigint: true }))
    try {
      return identityOf(await stat(path, { bigint: true })) === this.#identity
    } catch (error) {
      if (NOT_THERE.has(systemCode(error) ?? '')) return false
      throw error
    }
  }

  async truncate(bytes: number): Promise<void> {
    await this.#handle.truncate(bytes)
  }

  async close(): Promise<void> {
    if (this.#handle.fd >= 0) this.#threads?.closed()
    await this.#handle.close()
  }
}

function identityOf({ dev, ino }: { readonly dev: bigint; readonly ino: bigint }): string {
  return `${dev}:${ino}`
}
