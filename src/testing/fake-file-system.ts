import { AgentError } from '../core/errors.ts'

export type FileOperation =
  | 'create'
  | 'append'
  | 'rename'
  | 'mkdirs'
  | 'list'
  | 'stat'
  | 'delete'
  | 'read'
  | 'recoverLease'
  | 'write'
  | 'hflush'
  | 'hsync'
  | 'close'
  | 'replicas'

interface FakeFile {
  content: Buffer
  modified: number
  /** How much of the content readers see. */
  flushed: number
}

interface FakeStatus {
  readonly path: string
  readonly name: string
  readonly type: 'file' | 'directory'
  readonly size: number
  readonly modified: number
  readonly owner: string | undefined
  readonly group: string | undefined
  readonly mode: number | undefined
  readonly replication: number | undefined
}

interface Failure {
  readonly operation: FileOperation
  readonly kind: string
  /** Only for paths in which this stands. */
  readonly in: string
  after: number
  times: number
}

interface Options {
  /** Clock of the store, for times of change. */
  readonly now?: () => number
}

/**
 * A file system in memory for tests, of the shape of fs/file-system.ts. Calls can be made to fail or to hang, the
 * disk can be full, replicas can be missing.
 */
export class FakeFileSystem {
  readonly uri = 'fake://store'
  /** Every call so far, such as `rename /a.tmp`. */
  readonly calls: string[] = []
  /** Bytes it takes in all. */
  capacity = Infinity
  /** What writers tell; undefined: they cannot tell. */
  liveReplicas: number | undefined
  /** Whether recoverLease() finds that somebody holds the file still. */
  leaseHeld = false
  /** Most files that were open for writing at a time. */
  mostOpen = 0
  /** Files open for writing now. */
  open = 0
  readonly #now: () => number
  readonly #files = new Map<string, FakeFile>()
  readonly #failures: Failure[] = []
  readonly #hangs: { operation: FileOperation; gate: Promise<void> }[] = []

  constructor({ now = () => 0 }: Options = {}) {
    this.#now = now
  }

  /** Makes `times` calls fail, after letting `after` pass; kind `held`: the store holds the file for an earlier call. */
  fail(operation: FileOperation, { kind = 'other', times = 1, after = 0, in: part = '' } = {}): void {
    this.#failures.push({ operation, kind, times, after, in: part })
  }

  /** Nothing fails any more. */
  heal(): void {
    this.#failures.length = 0
  }

  /** Makes calls wait; the returned function lets them go on. */
  hang(operation: FileOperation): () => void {
    const { promise, resolve } = Promise.withResolvers<void>()
    const hang = { operation, gate: promise }
    this.#hangs.push(hang)
    return () => {
      this.#hangs.splice(this.#hangs.indexOf(hang), 1)
      resolve()
    }
  }

  /** What a machine that lost power would still have: only flushed bytes. */
  crash(): void {
    for (const file of this.#files.values()) file.content = file.content.subarray(0, file.flushed)
  }

  /** Puts a file there as if somebody else had written it. */
  put(path: string, content: string | Buffer): void {
    const bytes = Buffer.from(content)
    this.#files.set(path, { content: bytes, modified: this.#now(), flushed: bytes.length })
  }

  /** Takes a file away as if somebody else had. */
  take(path: string): void {
    this.#files.delete(path)
  }

  /** All files in the order of their names. */
  get files(): Record<string, Buffer> {
    return Object.fromEntries(
      [...this.#files].map(([path, { content }]) => [path, content] as const).sort(byPath)
    )
  }

  /** The same as text. */
  get texts(): Record<string, string> {
    return Object.fromEntries(Object.entries(this.files).map(([path, content]) => [path, content.toString()]))
  }

  async create(path: string): Promise<FakeWriter> {
    await this.run('create', path)
    if (this.#files.has(path)) throw fakeError('exists', path)
    this.#files.set(path, { content: Buffer.alloc(0), modified: this.#now(), flushed: 0 })
    return this.#writer(path)
  }

  async append(path: string): Promise<FakeWriter> {
    await this.run('append', path)
    this.#fileAt(path)
    return this.#writer(path)
  }

  async rename(from: string, to: string): Promise<void> {
    await this.run('rename', from)
    const file = this.#fileAt(from)
    if (this.#files.has(to)) throw fakeError('exists', to)
    this.#files.delete(from)
    this.#files.set(to, file)
  }

  async mkdirs(path: string): Promise<void> {
    await this.run('mkdirs', path)
  }

  async list(folder: string): Promise<readonly FakeStatus[]> {
    await this.run('list', folder)
    const start = folder.endsWith('/') ? folder : `${folder}/`
    const inside = [...this.#files.keys()].filter(path => path.startsWith(start)).sort()
    if (inside.length === 0) throw fakeError('missing', folder)
    const names = new Set(inside.map(path => path.slice(start.length).split('/')[0] ?? ''))
    return [...names].map(name => this.#status(start + name))
  }

  async stat(path: string): Promise<FakeStatus | undefined> {
    await this.run('stat', path)
    return this.#files.has(path) ? this.#status(path) : undefined
  }

  async delete(path: string): Promise<boolean> {
    await this.run('delete', path)
    return this.#files.delete(path)
  }

  async *read(path: string, offset = 0): AsyncGenerator<Buffer, undefined> {
    await this.run('read', path)
    const { content, flushed } = this.#fileAt(path)
    yield content.subarray(offset, flushed)
    return undefined
  }

  async recoverLease(path: string): Promise<boolean> {
    await this.run('recoverLease', path)
    this.#fileAt(path)
    return !this.leaseHeld
  }

  async close(): Promise<void> {
    this.calls.push('close store')
  }

  /** Notes a call, and makes it fail or wait as told. For the writers. */
  async run(operation: FileOperation, path: string): Promise<void> {
    this.calls.push(`${operation} ${path}`)
    for (const failure of this.#failures) {
      if (failure.operation !== operation || failure.times === 0 || !path.includes(failure.in)) continue
      if (failure.after > 0) failure.after -= 1
      else {
        failure.times -= 1
        throw fakeError(failure.kind, path)
      }
    }
    await Promise.all(this.#hangs.filter(hang => hang.operation === operation).map(({ gate }) => gate))
  }

  #writer(path: string): FakeWriter {
    const file = this.#fileAt(path)
    this.open += 1
    this.mostOpen = Math.max(this.mostOpen, this.open)
    const take = (chunks: readonly Buffer[]): void => {
      const bytes = Buffer.concat(chunks)
      const used = [...this.#files.values()].reduce((sum, { content }) => sum + content.length, 0)
      const room = Math.max(this.capacity - used, 0)
      file.content = Buffer.concat([file.content, bytes.subarray(0, room)])
      file.modified = this.#now()
      if (bytes.length > room) throw fakeError('full', path)
    }
    return new FakeWriter(this, path, file, take)
  }

  #fileAt(path: string): FakeFile {
    const file = this.#files.get(path)
    if (file === undefined) throw fakeError('missing', path)
    return file
  }

  #status(path: string): FakeStatus {
    const file = this.#files.get(path)
    return {
      path,
      name: path.slice(path.lastIndexOf('/') + 1),
      type: file === undefined ? 'directory' : 'file',
      size: file?.content.length ?? 0,
      modified: file?.modified ?? 0,
      owner: undefined,
      group: undefined,
      mode: undefined,
      replication: 3
    }
  }
}

/** Writes one file of a FakeFileSystem. */
export class FakeWriter {
  /** There only where the store can tell. */
  readonly replicas?: () => Promise<number | undefined>
  readonly #store: FakeFileSystem
  readonly #path: string
  readonly #file: FakeFile
  readonly #take: (chunks: readonly Buffer[]) => void
  #running = false
  #closed = false

  constructor(
    store: FakeFileSystem,
    path: string,
    file: FakeFile,
    take: (chunks: readonly Buffer[]) => void
  ) {
    this.#store = store
    this.#path = path
    this.#file = file
    this.#take = take
    if (store.liveReplicas !== undefined)
      this.replicas = () => this.#run('replicas', () => store.liveReplicas)
  }

  get position(): number {
    return this.#file.content.length
  }

  write(chunks: readonly Buffer[]): Promise<void> {
    return this.#run('write', () => this.#take(chunks))
  }

  hflush(): Promise<void> {
    return this.#run('hflush', () => {
      this.#file.flushed = this.#file.content.length
    })
  }

  hsync(): Promise<void> {
    return this.#run('hsync', () => {
      this.#file.flushed = this.#file.content.length
    })
  }

  async close(): Promise<void> {
    await this.#run('close', () => {
      this.#file.flushed = this.#file.content.length
    })
    if (!this.#closed) this.#store.open -= 1
    this.#closed = true
  }

  async #run<T>(operation: FileOperation, task: () => T): Promise<T> {
    if (this.#running) throw new Error(`${operation} of ${this.#path} while another call is under way`)
    if (this.#closed && operation !== 'close') throw fakeError('other', this.#path)
    this.#running = true
    try {
      await this.#store.run(operation, this.#path)
      return task()
    } finally {
      this.#running = false
    }
  }
}

function fakeError(kind: string, path: string): AgentError {
  const facts = kind === 'held' ? { kind: 'unavailable', held: true } : { kind }
  return new AgentError('ERR_FILE_SYSTEM', `The fake store says: ${kind}.`, { ...facts, path, reason: kind })
}

function byPath([a]: readonly [string, Buffer], [b]: readonly [string, Buffer]): number {
  return a < b ? -1 : 1
}
