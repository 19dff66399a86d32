import { constants, read, write } from 'node:fs'
import { mkdir, open, readdir, rename, statfs, unlink, type FileHandle } from 'node:fs/promises'
import type { Disk, DiskFile } from './disk.ts'

const OWNER_ONLY = 0o640

/** The files of this computer. Writes and reads go through Node's thread pool. */
export const systemDisk: Disk = {
  async open(path, { create, synced }) {
    const flags = constants.O_RDWR | (create ? constants.O_CREAT : 0) | (synced ? constants.O_DSYNC : 0)
    const handle: FileHandle = await open(path, flags, OWNER_ONLY)
    return new SystemFile(handle)
  },
  rename,
  unlink,
  list: folder => readdir(folder),
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

/** The callback forms of fs: half the cost of their promises. The handle keeps the descriptor from being collected. */
class SystemFile implements DiskFile {
  readonly #handle: FileHandle

  constructor(handle: FileHandle) {
    this.#handle = handle
  }

  write(bytes: Buffer, position: number): Promise<number> {
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

  async truncate(bytes: number): Promise<void> {
    await this.#handle.truncate(bytes)
  }

  async close(): Promise<void> {
    await this.#handle.close()
  }
}
