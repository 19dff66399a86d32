import { AgentError } from '../../core/errors.ts'
import { fileError, fileErrorKind } from '../file-errors.ts'
import type { CreateOptions, FileStatus, FileSystem, FileWriter } from '../file-system.ts'
import { compareNames, normalizePath } from '../paths.ts'
import { isNotApplied } from './http.ts'
import { waitForLease } from './lease.ts'
import { NameNodes } from './name-nodes.ts'
import { Patience } from './patience.ts'
import { exceptionOf } from './remote-exception.ts'
import type { WebHdfsSettings } from './settings.ts'
import { pageOf, statusOf } from './status.ts'
import { WebHdfsWriter, type RemoteFile } from './writer.ts'

const LEASE_WAIT_MS = 90_000

/** HDFS by its REST interface: a NameNode (or several of one name service), or an HttpFS gateway. */
export class WebHdfsFileSystem implements FileSystem {
  readonly uri: string
  readonly #settings: WebHdfsSettings
  readonly #nodes: NameNodes
  readonly #ending = new AbortController()

  constructor(settings: WebHdfsSettings) {
    this.uri = settings.uri
    this.#settings = settings
    this.#nodes = new NameNodes(settings)
  }

  /** A file that was made but could not be closed takes no bytes: its writer can only be closed, once it is free. */
  async create(path: string, options: CreateOptions = {}): Promise<FileWriter> {
    const { replication, blockSize } = { ...this.#settings.defaults, ...options }
    const parameters = {
      overwrite: false,
      createparent: true,
      ...this.#permission(0o666),
      ...(replication === undefined ? {} : { replication }),
      ...(blockSize === undefined ? {} : { blocksize: blockSize })
    }
    try {
      await this.#nodes.sendData(
        { method: 'PUT', op: 'CREATE', path: normalizePath(path), parameters, repeatable: false },
        []
      )
    } catch (error) {
      if (isLeftOpen(error)) return WebHdfsWriter.held(path, this.#remoteFile(path))
      if (!(error instanceof AgentError) || exceptionOf(error) !== 'AlreadyBeingCreatedException') throw error
      throw fileError('exists', path, String(error.facts['reason']), { cause: error })
    }
    return new WebHdfsWriter(path, 0, this.#remoteFile(path))
  }

  /** Rejects while another writer holds the file; then recoverLease() helps. */
  async append(path: string): Promise<FileWriter> {
    await this.#appendBytes(path, [])
    const status = await this.stat(path)
    if (status === undefined) throw fileError('missing', path, 'The file vanished.')
    return new WebHdfsWriter(path, status.size, this.#remoteFile(path))
  }

  async rename(from: string, to: string): Promise<void> {
    const target = normalizePath(to)
    if ((await this.stat(target)) !== undefined) await this.#explainRename(from, target)
    try {
      const parameters = { destination: target.toWellFormed() }
      const answer = await this.#nodes.call({
        method: 'PUT',
        op: 'RENAME',
        path: normalizePath(from),
        parameters,
        repeatable: false
      })
      if (answer['boolean'] !== false) return
    } catch (error) {
      if (isNotApplied(error) || !(await this.#isRenamed(from, target))) throw error
      return
    }
    await this.#explainRename(from, target)
  }

  async mkdirs(path: string): Promise<void> {
    const answer = await this.#nodes.call({
      method: 'PUT',
      op: 'MKDIRS',
      path: normalizePath(path),
      parameters: this.#permission(0o777),
      repeatable: true
    })
    if (answer['boolean'] === false) throw fileError('other', path, 'The folder was not made.')
  }

  async list(path: string): Promise<readonly FileStatus[]> {
    const folder = normalizePath(path)
    const status = await this.stat(folder)
    if (status === undefined) throw fileError('missing', path, 'There is no such folder.')
    if (status.type === 'file') throw fileError('exists', path, 'It is a file, not a folder.')
    try {
      return await this.#listPages(folder)
    } catch (error) {
      // Servers before Hadoop 2.9 have no pages: they refuse the operation's name.
      if (!(error instanceof AgentError) || exceptionOf(error) !== 'IllegalArgumentException') throw error
      return pageOf(
        await this.#nodes.call({ method: 'GET', op: 'LISTSTATUS', path: folder, repeatable: true }),
        folder
      ).entries
    }
  }

  async stat(path: string): Promise<FileStatus | undefined> {
    const normal = normalizePath(path)
    try {
      return statusOf(
        await this.#nodes.call({ method: 'GET', op: 'GETFILESTATUS', path: normal, repeatable: true }),
        normal
      )
    } catch (error) {
      // `exists`: a file stands where the path needs a folder.
      if (['missing', 'exists'].includes(fileErrorKind(error))) return undefined
      throw error
    }
  }

  async delete(path: string, options: { readonly recursive?: boolean } = {}): Promise<boolean> {
    const parameters = { recursive: options.recursive === true }
    const answer = await this.#nodes.call({
      method: 'DELETE',
      op: 'DELETE',
      path: normalizePath(path),
      parameters,
      repeatable: true
    })
    return answer['boolean'] === true
  }

  async *read(path: string, offset: number = 0): AsyncGenerator<Buffer, undefined> {
    const operation = {
      method: 'GET',
      op: 'OPEN',
      path: normalizePath(path),
      parameters: { offset },
      repeatable: true
    } as const
    let started = false
    try {
      for await (const piece of await this.#nodes.readData(operation)) {
        started = true
        yield piece
      }
    } catch (error) {
      // HDFS refuses to read from the end of a file on, in many words; elsewhere that is just nothing.
      if (started || offset === 0 || (error instanceof AgentError && error.facts['status'] === undefined))
        throw error
      const status = await this.stat(path)
      if (status === undefined || status.size > offset) throw error
    }
    return undefined
  }

  /** WebHDFS cannot recover leases, but appending asks the NameNode to: tried for 90 s (HDFS's limit is 60 s). */
  async recoverLease(path: string): Promise<boolean> {
    return await waitForLease(() => this.#appendBytes(path, []), this.#patience(LEASE_WAIT_MS))
  }

  async close(): Promise<void> {
    this.#ending.abort()
    await this.#nodes.close()
  }

  #patience(limitMs: number): Patience {
    return new Patience(this.#settings.clock, limitMs, this.#ending.signal)
  }

  #remoteFile(path: string): RemoteFile {
    const { timeoutMs } = this.#settings
    const appendNothing = () => this.#appendBytes(path, [])
    return {
      append: chunks => this.#appendBytes(path, chunks),
      length: async () => (await this.stat(path))?.size,
      visible: (offset, most) => this.#visible(path, offset, most),
      released: () => waitForLease(appendNothing, this.#patience(timeoutMs)),
      free: () => waitForLease(appendNothing, this.#patience(0)),
      patience: () => this.#patience(timeoutMs)
    }
  }

  /** A NameNode that does not know of the bytes behind `offset` yet refuses to read from there on, but not before. */
  async #visible(path: string, offset: number, most: number): Promise<Buffer> {
    const from = Math.max(offset - 1, 0)
    const pieces: Buffer[] = []
    let left = offset - from + most
    for await (const piece of this.read(path, from)) {
      pieces.push(piece.subarray(0, left))
      left -= piece.length
      if (left <= 0) break
    }
    return Buffer.concat(pieces).subarray(offset - from)
  }

  #permission(most: number): { readonly permission?: string } {
    const { umask } = this.#settings
    return umask === undefined ? {} : { permission: (most & ~umask).toString(8) }
  }

  async #appendBytes(path: string, chunks: readonly Buffer[]): Promise<void> {
    await this.#nodes.sendData(
      { method: 'POST', op: 'APPEND', path: normalizePath(path), repeatable: false },
      chunks
    )
  }

  async #listPages(folder: string): Promise<readonly FileStatus[]> {
    const found: FileStatus[] = []
    for (let startAfter = ''; ;) {
      const parameters = startAfter === '' ? {} : { startAfter }
      const answer = await this.#nodes.call({
        method: 'GET',
        op: 'LISTSTATUS_BATCH',
        path: folder,
        parameters,
        repeatable: true
      })
      const { entries, remaining } = pageOf(answer, folder)
      found.push(...entries)
      const last = entries.at(-1)
      if (remaining === 0 || last === undefined) return found.sort(compareNames)
      startAfter = last.name
    }
  }

  async #isRenamed(from: string, to: string): Promise<boolean> {
    return (await this.stat(to)) !== undefined && (await this.stat(from)) === undefined
  }

  /** RENAME answers just false; the reason has to be found out. */
  async #explainRename(from: string, to: string): Promise<never> {
    if ((await this.stat(from)) === undefined)
      throw fileError('missing', from, 'There is nothing to rename.', { to })
    if ((await this.stat(to)) !== undefined) throw fileError('exists', to, 'The new name is taken.', { from })
    throw fileError('missing', to, 'The folder of the new name does not exist.', { from })
  }
}

/** Whether a NameNode refused only the last step of a creation. */
function isLeftOpen(error: unknown): boolean {
  return error instanceof AgentError && String(error.facts['reason']).startsWith('Cannot complete file ')
}
