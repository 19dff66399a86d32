import type { DiskFile } from '../store/disk.ts'
import type { Random } from './random.ts'
import { type FaultKind, type OperationName, systemError } from './simulated-faults.ts'
import type { Change, WriteChange } from './simulated-content.ts'
import { BLOCK } from './simulated-content.ts'
import type { Range, SimulatedFile } from './simulated-file.ts'

/** A call under way. */
export interface Call<T> {
  readonly operation: OperationName
  readonly path: string
  /** What happens when it completes; throws what the call rejects with. */
  readonly perform: (fault: FaultKind | undefined) => T
  /** For changes of names: what may have happened though the call failed, or though the end came before it completed. */
  readonly effect?: () => void
  /** For changes of bytes: what may be torn when the end comes before the call completes. */
  readonly change?: { readonly file: SimulatedFile; readonly change: Change }
}

/** What an open file needs of its disk. */
export interface Machine {
  readonly random: Random
  /** Bytes that are still free. */
  readonly room: number
  readonly handles: Set<OpenFile>
  /** Whether the path leads to this file now. */
  leadsTo(path: string, file: SimulatedFile): boolean
  violate(what: string): void
  /** Begins a call, which completes at some later step. */
  submit<T>(call: Call<T>): Promise<T>
}

/** One open file of a simulated disk; it notes what a careful program never does. */
export class OpenFile implements DiskFile {
  readonly path: string
  readonly #disk: Machine
  readonly #file: SimulatedFile
  readonly #synced: boolean
  #calls = 0
  #closed = false

  constructor(disk: Machine, file: SimulatedFile, path: string, synced: boolean) {
    this.#disk = disk
    this.#file = file
    this.path = path
    this.#synced = synced
    file.handles++
    disk.handles.add(this)
  }

  write(bytes: Buffer, position: number): Promise<number> {
    const copy = Buffer.from(bytes)
    const change: WriteChange = { kind: 'write', position, bytes: copy, settled: false }
    const perform = (fault: FaultKind | undefined): number => {
      if (!bytes.equals(copy)) this.#violate('changes bytes of a write under way')
      if (fault === 'EIO' || fault === 'ENOSPC') {
        this.#file.tear(change, this.#disk.random)
        return 0
      }
      const length = this.#lengthOf(change, fault)
      const part: Change = { ...change, bytes: copy.subarray(0, length), settled: this.#synced }
      this.#file.change(part)
      return length
    }
    const range: Range = { kind: 'write', from: position, to: position + bytes.length }
    return this.#during(range, () =>
      this.#disk.submit({
        operation: 'write',
        path: this.path,
        perform,
        change: { file: this.#file, change }
      })
    )
  }

  read(into: Buffer, position: number): Promise<number> {
    const perform = (fault: FaultKind | undefined): number => {
      const readable = this.#file.readableUpTo(position) - position
      if (readable === 0 && position < this.#file.cached.size) throw systemError('EIO', 'read', this.path)
      const most = Math.min(into.length, readable)
      const length = fault === 'short' ? this.#disk.random.within(most) : most
      return this.#file.cached.read(into.subarray(0, length), position)
    }
    const range: Range = { kind: 'read', from: position, to: position + into.length }
    return this.#during(range, () => this.#disk.submit({ operation: 'read', path: this.path, perform }))
  }

  sync(): Promise<void> {
    const changes = this.#file.unsettled
    const perform = (fault: FaultKind | undefined): void => {
      if (fault === undefined || fault === 'slow' || fault === 'short') this.#file.settle(changes)
      else this.#file.dropPages(this.#disk.random)
    }
    return this.#counted(() => this.#disk.submit({ operation: 'sync', path: this.path, perform }))
  }

  size(): Promise<number> {
    const perform = (): number => this.#file.cached.size
    return this.#counted(() => this.#disk.submit({ operation: 'size', path: this.path, perform }))
  }

  /** At once, so that looking does not change the order of other calls. */
  isAt(path: string): Promise<boolean> {
    return Promise.resolve(this.#disk.leadsTo(path, this.#file))
  }

  truncate(size: number): Promise<void> {
    const change: Change = { kind: 'truncate', size, settled: false }
    const perform = (fault: FaultKind | undefined): void => {
      if (fault === undefined || fault === 'slow' || fault === 'short') this.#file.change(change)
      else this.#file.tear(change, this.#disk.random)
    }
    return this.#counted(() =>
      this.#disk.submit({
        operation: 'truncate',
        path: this.path,
        perform,
        change: { file: this.#file, change }
      })
    )
  }

  close(): Promise<void> {
    if (this.#calls > 0) this.#violate('is closed with calls under way')
    if (this.#closed) this.#violate('is closed twice')
    this.#closed = true
    // As on Linux, the descriptor is gone even when close fails.
    const perform = (): void => {
      this.#file.handles--
      this.#disk.handles.delete(this)
    }
    return this.#disk.submit({ operation: 'close', path: this.path, perform })
  }

  #lengthOf(change: WriteChange, fault: FaultKind | undefined): number {
    const { bytes, position } = change
    const fitting = this.#file.fitting(position, bytes.length, this.#disk.room)
    if (fitting === 0 && bytes.length > 0) throw systemError('ENOSPC', 'write', this.path)
    this.#needReadable(position, position + fitting)
    return fault === 'short' ? Math.min(fitting, this.#disk.random.within(bytes.length)) : fitting
  }

  /** To write a part of a block, the rest of it is read first. */
  #needReadable(from: number, to: number): void {
    for (const block of this.#file.unreadable) {
      const [start, end] = [block * BLOCK, (block + 1) * BLOCK]
      const within = start < to && end > from
      if (within && (start < from || end > to)) throw systemError('EIO', 'write', this.path)
    }
  }

  async #during<T>(range: Range, call: () => Promise<T>): Promise<T> {
    for (const other of this.#file.underWay) {
      const apart = range.to <= other.from || other.to <= range.from
      if (!apart && (range.kind === 'write' || other.kind === 'write')) {
        this.#violate(
          `${range.kind}s ${range.from}..${range.to} during a ${other.kind} of ${other.from}..${other.to}`
        )
      }
    }
    this.#file.underWay.add(range)
    try {
      return await this.#counted(call)
    } finally {
      this.#file.underWay.delete(range)
    }
  }

  async #counted<T>(call: () => Promise<T>): Promise<T> {
    if (this.#closed) this.#violate('is used after it was closed')
    this.#calls++
    try {
      return await call()
    } finally {
      this.#calls--
    }
  }

  #violate(what: string): void {
    this.#disk.violate(`${this.path} ${what}`)
  }
}
