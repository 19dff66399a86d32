import { basename, dirname } from 'node:path'
import type { Disk, DiskFile, FolderStamp } from '../store/disk.ts'
import { Random } from './random.ts'
import { type Fault, type FaultKind, FaultPlan, type OperationName, systemError } from './simulated-faults.ts'
import { BLOCK, type Change, Content } from './simulated-content.ts'
import { fileOf, SimulatedFile } from './simulated-file.ts'
import { type Call, type Machine, OpenFile } from './simulated-handle.ts'
import { type Entry, SimulatedTree } from './simulated-tree.ts'

/** How a simulated disk is made. */
export interface SimulatedDiskOptions {
  readonly seed: number
  /** Folders that are there, safely, from the start. */
  readonly folders?: readonly string[]
  /** Room for the blocks of all files together; no bound when left out. */
  readonly bytes?: number
  /** Completes calls by itself, in random order, while the program waits. Else step() does. */
  readonly automatic?: boolean
  readonly faults?: readonly Fault[]
  /** Whether a block that is being written when power goes may be unreadable until it is written again. */
  readonly spoils?: boolean
  /** A renaming that is not safe never leaves neither name, as on every file system that has a journal. */
  readonly keepsNames?: boolean
}

interface Pending {
  readonly call: Call<unknown>
  readonly fault: FaultKind | undefined
  readonly complete: () => void
  /** Other calls that complete first. */
  delay: number
}

const SLOW_CALLS = 40
/** How often the system has dropped from memory what it need not keep of a file. */
const EVICTION = 0.3
/** How often pages that nobody asked to be synced cannot be written, after the process that would be told is gone. */
const UNTOLD = 0.15

/**
 * A disk in memory that behaves as badly as a real one may. Bytes are safe once a write to a `synced` file or a sync
 * resolved; names once syncFolder did. crash() gives the disk that is found after power loss: everything else on it is
 * there, lost, or torn by sectors. Calls complete in any order. The same seed and the same calls give the same disk.
 *
 * What a careful program never does is noted in `violations`, which tests compare with [].
 */
export class SimulatedDisk implements Disk, Machine {
  readonly random: Random
  readonly faults: FaultPlan
  /** Misuse: overlapping I/O, files closed or removed while in use, names replaced. */
  readonly violations: string[] = []
  /** Files opened and not closed. */
  readonly handles = new Set<OpenFile>()
  /** Calls that have completed. */
  completed = 0
  /** Room for the blocks of all files. */
  bytes: number
  #tree = new SimulatedTree()
  #pending: Pending[] = []
  #powered = true
  #turning = false
  /** By tests. */
  #changes = 0
  readonly #automatic: boolean
  readonly #spoils: boolean
  readonly #keepsNames: boolean
  readonly #orphans = new Set<SimulatedFile>()

  constructor(options: SimulatedDiskOptions) {
    this.random = new Random(options.seed)
    this.faults = new FaultPlan(options.faults ?? [])
    this.bytes = options.bytes ?? Infinity
    this.#automatic = options.automatic ?? false
    this.#spoils = options.spoils ?? false
    this.#keepsNames = options.keepsNames ?? false
    for (const folder of options.folders ?? []) this.#addFolder(folder)
  }

  open(path: string, options: { readonly create: boolean; readonly synced: boolean }): Promise<DiskFile> {
    const opened = (): SimulatedFile => {
      this.#needFolder(dirname(path), 'open')
      let file = this.#tree.at(path)
      if (file === 'folder') throw systemError('EISDIR', 'open', path)
      if (file === undefined) {
        if (!options.create) throw systemError('ENOENT', 'open', path)
        if (this.room < 0) throw systemError('ENOSPC', 'open', path)
        file = new SimulatedFile()
        this.#tree.link(path, file)
      } else if (this.random.chance(EVICTION)) file.evict(this.random)
      return file
    }
    const perform = (): DiskFile => new OpenFile(this, opened(), path, options.synced)
    return this.submit({ operation: 'open', path, perform, effect: () => void opened() })
  }

  rename(from: string, to: string): Promise<void> {
    const perform = (): void => {
      const file = this.#need(from, 'rename')
      this.#needFolder(dirname(to), 'rename')
      // The folder may need one more block for the name.
      if (this.room <= 0 && this.random.chance(0.2)) throw systemError('ENOSPC', 'rename', from)
      const unsafe = file !== 'folder' && file.unsettled.length > 0
      if (unsafe && this.#tree.at(to) !== undefined)
        this.violate(`${to} is replaced by a file that is not on the disk yet`)
      this.#tree.rename(from, to)
    }
    return this.submit({ operation: 'rename', path: from, perform, effect: perform })
  }

  unlink(path: string): Promise<void> {
    const perform = (): void => {
      const file = this.#need(path, 'unlink')
      if (file === 'folder') throw systemError('EISDIR', 'unlink', path)
      if (file.handles > 0) {
        this.violate(`${path} is removed while it is open`)
        this.#orphans.add(file)
      }
      this.#tree.unlink(path)
    }
    return this.submit({ operation: 'unlink', path, perform, effect: perform })
  }

  list(folder: string): Promise<string[]> {
    const perform = (): string[] => {
      this.#needFolder(folder, 'list')
      return this.random.shuffled(this.#tree.below(folder).map(path => basename(path)))
    }
    return this.submit({ operation: 'list', path: folder, perform })
  }

  /** At once, so that looking does not change the order of other calls. Only what tests plant and uproot counts as a change. */
  stamp(folder: string): Promise<FolderStamp> {
    if (this.#tree.at(folder) !== 'folder') return Promise.reject(systemError('ENOENT', 'list', folder))
    return Promise.resolve({ identity: folder, change: String(this.#changes) })
  }

  leadsTo(path: string, file: SimulatedFile): boolean {
    return this.#tree.at(path) === file && this.#tree.at(dirname(path)) === 'folder'
  }

  makeFolder(folder: string): Promise<void> {
    const perform = (): void => {
      for (const path of parentsOf(folder)) {
        const entry = this.#tree.at(path)
        if (entry === undefined && this.room <= 0) throw systemError('ENOSPC', 'makeFolder', path)
        if (entry === undefined) this.#tree.link(path, 'folder')
        else if (entry !== 'folder') throw systemError('EEXIST', 'makeFolder', path)
      }
    }
    return this.submit({ operation: 'makeFolder', path: folder, perform, effect: perform })
  }

  removeFolder(folder: string): Promise<void> {
    const perform = (): void => {
      this.#needFolder(folder, 'removeFolder')
      if (this.#tree.below(folder).length > 0) throw systemError('ENOTEMPTY', 'removeFolder', folder)
      this.#tree.unlink(folder)
    }
    return this.submit({ operation: 'removeFolder', path: folder, perform, effect: perform })
  }

  syncFolder(folder: string): Promise<void> {
    const changes = this.#tree.unsafeIn(folder)
    const perform = (fault: FaultKind | undefined): void => {
      this.#needFolder(folder, 'syncFolder')
      if (isFailure(fault)) this.#tree.doubt(changes, this.random)
      else this.#tree.settle(folder, changes)
    }
    return this.submit({ operation: 'syncFolder', path: folder, perform })
  }

  freeBytes(folder: string): Promise<number> {
    const perform = (): number => {
      this.#needFolder(folder, 'freeBytes')
      return Math.max(0, Math.min(this.room, 2 ** 50))
    }
    return this.submit({ operation: 'freeBytes', path: folder, perform })
  }

  /** Bytes that are still free. */
  get room(): number {
    const files = new Set([...this.#tree.files().map(([, file]) => file), ...this.#orphans])
    let used = 0
    for (const file of files) if (file.links > 0 || file.handles > 0) used += file.occupied
    return this.bytes - used
  }

  /** Calls under way. */
  get pending(): number {
    return this.#pending.length
  }

  /** Completes one call, any of those under way; false when there is none. */
  step(): boolean {
    const ready = this.#pending.filter(({ delay }) => delay <= 0)
    for (const pending of this.#pending) pending.delay--
    const next = this.random.pick(ready.length > 0 ? ready : this.#pending)
    if (next === undefined) return false
    this.#pending = this.#pending.filter(pending => pending !== next)
    this.completed++
    next.complete()
    return true
  }

  /** The disk as found after power loss. This one never answers again. */
  crash(): SimulatedDisk {
    const inFlight = new Map<SimulatedFile, Change[]>()
    for (const { call } of this.#pending) {
      if (call.change === undefined) continue
      const { file, change } = call.change
      inFlight.set(file, [...(inFlight.get(file) ?? []), change])
    }
    this.#performSomeNames()
    const [spoils, keepsNames] = [this.#spoils, this.#keepsNames]
    return this.#successor(this.#tree.afterPowerLoss({ inFlight, spoils, keepsNames }, this.random))
  }

  /** The disk as the next process finds it after this one was killed: power loss can still undo the same things. */
  kill(): SimulatedDisk {
    this.#performSomeNames()
    const { tree, copyOf } = this.#tree.copy()
    for (const { call } of this.random.shuffled(this.#pending)) {
      if (call.change !== undefined) copyOf(call.change.file).cutShort(call.change.change, this.random)
    }
    for (const [, file] of tree.files()) {
      if (file.unsettled.length > 0 && this.random.chance(UNTOLD)) file.dropPages(this.random)
      if (this.random.chance(EVICTION)) file.evict(this.random)
    }
    return this.#successor(tree)
  }

  /** Every file and what is in it, as programs see it, ordered by path. */
  files(): Map<string, Buffer> {
    const files = this.#tree.files().sort(([one], [other]) => (one < other ? -1 : 1))
    return new Map(files.map(([path, file]) => [path, file.cached.bytes()]))
  }

  /** Puts other bytes into a file, or a new file there, as if they had always been on the platter. */
  plant(path: string, bytes: Buffer): void {
    this.#changes++
    this.#addFolder(dirname(path))
    const content = new Content()
    content.write(bytes, 0)
    this.#tree.linkForGood(path, fileOf(content))
  }

  /** Makes the block around a position of a file unreadable until it is written again. */
  spoil(path: string, position: number): void {
    const file = this.#tree.at(path)
    if (file instanceof SimulatedFile && position < file.cached.size)
      file.unreadable.add(Math.floor(position / BLOCK))
  }

  /** Takes a file away, as if it had never been there. */
  uproot(path: string): void {
    this.#changes++
    this.#tree.forget(path)
  }

  /** Notes misuse. */
  violate(what: string): void {
    this.violations.push(what)
  }

  /** Begins a call, which completes at some later step. */
  submit<T>(call: Call<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (!this.#powered) return
      const fault = this.faults.next(call.operation, call.path)
      const complete = (): void => {
        try {
          if (isFailure(fault)) {
            if (call.change !== undefined || TOLD.has(call.operation)) call.perform(fault)
            else if (call.effect !== undefined && this.random.chance(0.3)) call.effect()
            throw systemError(fault, call.operation, call.path)
          }
          resolve(call.perform(fault))
        } catch (error) {
          reject(error)
        }
      }
      this.#pending.push({ call, fault, complete, delay: fault === 'slow' ? SLOW_CALLS : 0 })
      if (this.#automatic) this.#turn()
    })
  }

  #turn(): void {
    if (this.#turning) return
    this.#turning = true
    setImmediate(() => {
      this.#turning = false
      this.step()
      if (this.#pending.length > 0) this.#turn()
    })
  }

  // Calls on names that were under way when the end came may have happened.
  #performSomeNames(): void {
    const noted = this.violations.length
    for (const { call } of this.random.shuffled(this.#pending)) {
      if (call.effect === undefined || this.random.chance(0.5)) continue
      try {
        call.effect()
      } catch {
        // It would have failed.
      }
    }
    this.violations.length = noted
    this.#powered = false
  }

  #successor(tree: SimulatedTree): SimulatedDisk {
    this.#pending = []
    const next = new SimulatedDisk({
      seed: this.random.seed(),
      bytes: this.bytes,
      automatic: this.#automatic,
      spoils: this.#spoils,
      keepsNames: this.#keepsNames
    })
    next.#tree = tree
    return next
  }

  #addFolder(folder: string): void {
    for (const path of parentsOf(folder))
      if (this.#tree.at(path) === undefined) this.#tree.linkForGood(path, 'folder')
  }

  #need(path: string, operation: OperationName): Entry {
    const entry = this.#tree.at(path)
    if (entry === undefined) throw systemError('ENOENT', operation, path)
    return entry
  }

  #needFolder(path: string, operation: OperationName): void {
    if (this.#need(path, operation) !== 'folder') throw systemError('ENOTDIR', operation, path)
  }
}

/** Calls that do something though they fail. */
const TOLD: ReadonlySet<OperationName> = new Set(['sync', 'syncFolder', 'close'])

function isFailure(fault: FaultKind | undefined): fault is 'EIO' | 'ENOSPC' | 'EMFILE' {
  return fault === 'EIO' || fault === 'ENOSPC' || fault === 'EMFILE'
}

/** The folder's parents, outermost first, then itself. */
function parentsOf(folder: string): string[] {
  return folder === dirname(folder) ? [] : [...parentsOf(dirname(folder)), folder]
}
