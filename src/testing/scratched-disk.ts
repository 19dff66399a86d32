import type { Disk, DiskFile, FolderStamp } from '../store/disk.ts'

/** A disk with places that cannot be read; everything else goes to the disk below. */
export class ScratchedDisk implements Disk {
  readonly #below: Disk
  readonly #scratches: { readonly path: string; readonly from: number; readonly to: number }[] = []
  /** Files that cannot even be opened. */
  readonly dead = new Set<string>()

  constructor(below: Disk) {
    this.#below = below
  }

  /** From now on, reads of these bytes of a file fail with EIO, whole or not. */
  scratch(path: string, from: number, to: number): void {
    this.#scratches.push({ path, from, to })
  }

  /** The places can be read again. */
  heal(): void {
    this.#scratches.length = 0
    this.dead.clear()
  }

  async open(path: string, options: Parameters<Disk['open']>[1]): Promise<DiskFile> {
    if (this.dead.has(path)) throw unreadable(path)
    const file = await this.#below.open(path, options)
    return {
      write: (bytes, position) => file.write(bytes, position),
      read: async (into, position) => {
        for (const scratch of this.#scratches)
          if (scratch.path === path && scratch.from < position + into.length && position < scratch.to)
            throw unreadable(path)
        return file.read(into, position)
      },
      sync: () => file.sync(),
      size: () => file.size(),
      isAt: other => file.isAt(other),
      truncate: bytes => file.truncate(bytes),
      close: () => file.close()
    }
  }

  rename(from: string, to: string): Promise<void> {
    return this.#below.rename(from, to)
  }

  unlink(path: string): Promise<void> {
    return this.#below.unlink(path)
  }

  list(folder: string): Promise<string[]> {
    return this.#below.list(folder)
  }

  stamp(folder: string): Promise<FolderStamp> {
    return this.#below.stamp(folder)
  }

  makeFolder(folder: string): Promise<void> {
    return this.#below.makeFolder(folder)
  }

  removeFolder(folder: string): Promise<void> {
    return this.#below.removeFolder(folder)
  }

  syncFolder(folder: string): Promise<void> {
    return this.#below.syncFolder(folder)
  }

  freeBytes(folder: string): Promise<number> {
    return this.#below.freeBytes(folder)
  }
}

function unreadable(path: string): Error {
  return Object.assign(new Error(`EIO: i/o error, read '${path}'`), { code: 'EIO' })
}
