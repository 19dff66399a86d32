import { constants, read, write } from 'node:fs'
import { mkdir, open, readdir, rename, rmdir, stat, statfs, unlink, type FileHandle } from 'node:fs/promises'
import { systemCode } from '../core/errors.ts'
import type { Disk, DiskFile } from './disk.ts'
import { nameError } from './name-error.ts'
import { openFile } from './open-file.ts'
import type { ReadDisk } from './overlay-disk.ts'
import { WriteThreads } from './write-threads.ts'

/** Codes that say that no file has the name. */
const NOT_THERE = new Set(['ENOENT', 'ENOTDIR', 'ELOOP'])

const PLACES: Omit<Disk, 'open' | 'rename'> = {
  unlink,
  list: folder => readdir(folder),
  async stamp(folder) {
    const found = await stat(folder, { bigint: true })
    return { identity: identityOf(found), change: `${found.mtimeNs}:${found.ctimeNs}` }
  },
  makeFolder: async folder => void (await mkdir(folder, { recursive: true })),
  removeFolder: rmdir,
  async syncFolder(folder) {
    const handle = await open(folder, constants.O_RDONLY)
    try {
      await named(folder, handle.sync())
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

/** The files of this computer, never written to. */
export const readDisk: ReadDisk = {
  list: folder => readdir(folder),
  open: async path => new SystemFile(await openFile(path, constants.O_RDONLY), path, {})
}

/** The files of this computer, written through these threads where they take it, else through Node's, as reads are. */
export function diskWith(threads: WriteThreads): Disk {
  const files = new Set<SystemFile>()
  return {
    ...PLACES,
    async open(path, { create, synced }) {
      const flags = constants.O_RDWR | (create ? constants.O_CREAT : 0) | (synced ? constants.O_DSYNC : 0)
      const handle = await openFile(path, flags)
      const file = new SystemFile(handle, path, { threads: synced ? threads : undefined, files })
      files.add(file)
      return file
    },
    async rename(from, to) {
      await rename(from, to)
      for (const file of files) if (file.path === from) file.path = to
    }
  }
}

/** What an open file shares with others. */
interface Shared {
  readonly threads?: WriteThreads | undefined
  /** All that are open. */
  readonly files?: Set<SystemFile>
}

/** The callback forms of fs: half the cost of their promises. The handle keeps the descriptor from being collected. */
class SystemFile implements DiskFile {
  /** For messages: the name that it was opened or renamed by. */
  path: string
  readonly #handle: FileHandle
  readonly #shared: Shared
  #identity: string | undefined

  constructor(handle: FileHandle, path: string, shared: Shared) {
    this.path = path
    this.#handle = handle
    this.#shared = shared
    shared.threads?.opened()
  }

  write(bytes: Buffer, position: number): Promise<number> {
    const written = this.#shared.threads?.write(this.#handle.fd, bytes, position)
    if (written !== undefined) return named(this, written)
    return new Promise((resolve, reject) => {
      write(this.#handle.fd, bytes, 0, bytes.length, position, (error, written) => {
        if (error === null) resolve(written)
        else reject(nameError(error, this.path))
      })
    })
  }

  read(into: Buffer, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      read(this.#handle.fd, into, 0, into.length, position, (error, count) => {
        if (error === null) resolve(count)
        else reject(nameError(error, this.path))
      })
    })
  }

  async sync(): Promise<void> {
    await named(this, this.#handle.datasync())
  }

  async size(): Promise<number> {
    return (await named(this, this.#handle.stat())).size
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
    await named(this, this.#handle.truncate(bytes))
  }

  async close(): Promise<void> {
    const { threads, files } = this.#shared
    if (this.#handle.fd >= 0) threads?.closed()
    files?.delete(this)
    await named(this, this.#handle.close())
  }
}

/** What the work rejects with names the file. */
async function named<T>(file: string | { readonly path: string }, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw nameError(error, typeof file === 'string' ? file : file.path)
  }
}

function identityOf({ dev, ino }: { readonly dev: bigint; readonly ino: bigint }): string {
  return `${dev}:${ino}`
}
