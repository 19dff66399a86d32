import type { Stats } from 'node:fs'
import { lstat, mkdir, open, readdir, rename, rm, rmdir, stat, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { systemCode } from '../core/errors.ts'
import { aboutPath, fileError } from './file-errors.ts'
import type { FileStatus, FileSystem, FileWriter } from './file-system.ts'
import { LocalWriter } from './local-writer.ts'
import { Owners } from './owners.ts'
import { baseName, compareNames, joinPath, normalizePath } from './paths.ts'

const READ_SIZE = 256 * 1024
const STATS_AT_ONCE = 32

/** Every store has a root; its folder is made with the first file. */
const UNMADE_ROOT: FileStatus = {
  path: '/',
  name: '',
  type: 'directory',
  size: 0,
  modified: 0,
  owner: undefined,
  group: undefined,
  mode: undefined,
  replication: undefined
}

/** Files of this machine, as Hadoop's LocalFileSystem without checksum files. */
export class LocalFileSystem implements FileSystem {
  readonly uri: string
  readonly #root: string
  readonly #owners = new Owners()

  /** Every path lies below `root`; no `..` leads out of it. */
  constructor(root: string = '/', uri: string = 'file://') {
    this.#root = root === '/' ? '' : root
    this.uri = uri
  }

  async create(path: string): Promise<FileWriter> {
    const file = this.#locate(path)
    const handle = await aboutPath(path, async () => {
      try {
        return await open(file, 'wx')
      } catch (error) {
        if (systemCode(error) !== 'ENOENT') throw error
        await mkdir(dirname(file), { recursive: true })
        return await open(file, 'wx')
      }
    })
    return new LocalWriter(handle, { path, file }, 0)
  }

  async append(path: string): Promise<FileWriter> {
    const file = this.#locate(path)
    return await aboutPath(path, async () => {
      const { size } = await stat(file)
      const handle = await open(file, 'a')
      return new LocalWriter(handle, { path, file }, size)
    })
  }

  async rename(from: string, to: string): Promise<void> {
    const target = this.#locate(to)
    await aboutPath(from, async () => {
      await lstat(this.#locate(from))
      if ((await lstatIfThere(target)) !== undefined)
        throw fileError('exists', to, 'The new name is taken.', { from })
      await rename(this.#locate(from), target)
    })
  }

  async mkdirs(path: string): Promise<void> {
    await aboutPath(path, () => mkdir(this.#locate(path), { recursive: true }))
  }

  async list(path: string): Promise<readonly FileStatus[]> {
    const folder = normalizePath(path)
    return await aboutPath(path, async () => {
      const names = await this.#names(folder)
      const found: FileStatus[] = []
      for (let at = 0; at < names.length; at += STATS_AT_ONCE) {
        const some = names.slice(at, at + STATS_AT_ONCE).map(name => this.stat(joinPath(folder, name)))
        for (const status of await Promise.all(some)) if (status !== undefined) found.push(status)
      }
      return found.sort(compareNames)
    })
  }

  async stat(path: string): Promise<FileStatus | undefined> {
    const found = await aboutPath(path, () => statIfThere(this.#locate(path)))
    if (found === undefined) return normalizePath(path) === '/' ? UNMADE_ROOT : undefined
    return await this.#describe(normalizePath(path), found)
  }

  async delete(path: string, options: { readonly recursive?: boolean } = {}): Promise<boolean> {
    if (normalizePath(path) === '/') throw fileError('denied', path, 'The root folder is never deleted.')
    const file = this.#locate(path)
    return await aboutPath(path, async () => {
      const found = await lstatIfThere(file)
      if (found === undefined) return false
      if (!found.isDirectory()) await unlink(file)
      else if (options.recursive === true) await rm(file, { recursive: true })
      else await removeEmpty(file, path)
      return true
    })
  }

  async *read(path: string, offset: number = 0): AsyncGenerator<Buffer, undefined> {
    await using handle = await aboutPath(path, () => open(this.#locate(path), 'r'))
    for (let at = offset; ;) {
      const buffer = Buffer.allocUnsafeSlow(READ_SIZE)
      const { bytesRead } = await aboutPath(path, () => handle.read(buffer, 0, READ_SIZE, at))
      if (bytesRead === 0) return undefined
      at += bytesRead
      yield buffer.subarray(0, bytesRead)
    }
  }

  /** Local files have no leases: true when the file is there. */
  async recoverLease(path: string): Promise<boolean> {
    await aboutPath(path, () => stat(this.#locate(path)))
    return true
  }

  async close(): Promise<void> {}

  async #names(folder: string): Promise<string[]> {
    try {
      return await readdir(this.#locate(folder))
    } catch (error) {
      if (folder === '/' && systemCode(error) === 'ENOENT') return []
      throw error
    }
  }

  #locate(path: string): string {
    return this.#root + normalizePath(path)
  }

  async #describe(path: string, stats: Stats): Promise<FileStatus> {
    return {
      path,
      name: baseName(path),
      type: stats.isDirectory() ? 'directory' : 'file',
      size: stats.isDirectory() ? 0 : stats.size,
      modified: Math.floor(stats.mtimeMs),
      owner: await this.#owners.user(stats.uid),
      group: await this.#owners.group(stats.gid),
      mode: stats.mode & 0o7777,
      replication: stats.isDirectory() ? undefined : 1
    }
  }
}

async function removeEmpty(folder: string, path: string): Promise<void> {
  try {
    await rmdir(folder)
  } catch (error) {
    if (systemCode(error) !== 'ENOTEMPTY' && systemCode(error) !== 'EEXIST') throw error
    throw fileError('other', path, 'The folder is not empty.', { cause: error })
  }
}

async function statIfThere(file: string): Promise<Stats | undefined> {
  return (await undefinedWhenMissing(stat(file))) ?? (await lstatIfThere(file))
}

async function lstatIfThere(file: string): Promise<Stats | undefined> {
  return await undefinedWhenMissing(lstat(file))
}

async function undefinedWhenMissing(pending: Promise<Stats>): Promise<Stats | undefined> {
  try {
    return await pending
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined
    throw error
  }
}
