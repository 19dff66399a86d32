import { dirname } from 'node:path'
import type { Random } from './random.ts'
import type { Change, Content } from './simulated-content.ts'
import { SimulatedFile } from './simulated-file.ts'

/** What a name stands for. */
export type Entry = SimulatedFile | 'folder'

type Names = Map<string, Entry>

/** `from` loses the entry, `to` gets it. Safe once every folder in `waiting` was synced after it, unless it is in doubt. */
export interface NameChange {
  readonly entry: Entry
  readonly from: string | undefined
  readonly to: string | undefined
  readonly waiting: Set<string>
  /** A sync of it failed: no later sync makes it safe. */
  doubtful?: boolean
}

/** What decides what power loss leaves. */
export interface TreePowerLoss {
  /** Changes of bytes that were under way. */
  readonly inFlight: ReadonlyMap<SimulatedFile, readonly Change[]>
  /** Whether blocks that were being written may be unreadable. */
  readonly spoils: boolean
  /** Whether what is renamed keeps one name at least. */
  readonly keepsNames: boolean
}

/** So many removed files are remembered, for what their blocks hold. */
const FORMER = 4

/** What power loss may make of a renaming that is not safe; mostly the first two. */
const RENAMINGS = ['done', 'not', 'done', 'not', 'done', 'not', 'both names', 'neither name'] as const

/** The names of a disk: as programs see them, as the platter holds them for sure, and the changes between. */
export class SimulatedTree {
  readonly #seen: Names = new Map([['/', 'folder']])
  readonly #platter: Names = new Map([['/', 'folder']])
  #changes: NameChange[] = []
  #former: SimulatedFile[] = []

  at(path: string): Entry | undefined {
    return this.#seen.get(path)
  }

  /** Paths directly below a folder. */
  below(folder: string): string[] {
    return [...this.#seen.keys()].filter(path => path !== '/' && dirname(path) === folder)
  }

  /** Every file with a name. */
  files(): [string, SimulatedFile][] {
    return [...this.#seen].filter((pair): pair is [string, SimulatedFile] => pair[1] !== 'folder')
  }

  link(path: string, entry: Entry): void {
    this.#change(entry, undefined, path)
  }

  unlink(path: string): void {
    this.#change(this.#seen.get(path) as Entry, path, undefined)
  }

  rename(from: string, to: string): void {
    this.#change(this.#seen.get(from) as Entry, from, to)
  }

  /** The changes that a sync of the folder, begun now, will make safe. */
  unsafeIn(folder: string): NameChange[] {
    return this.#changes.filter(({ waiting }) => waiting.has(folder))
  }

  /**
   * A sync of these changes failed: some of them later ones know nothing of any more. Not that of a folder: who finds
   * it, and syncs what it is in, can do no more.
   */
  doubt(changes: readonly NameChange[], random: Random): void {
    for (const change of changes) if (change.entry !== 'folder' && random.chance(0.5)) change.doubtful = true
  }

  /** Makes these changes safe as far as this folder is concerned. */
  settle(folder: string, changes: readonly NameChange[]): void {
    for (const { waiting, doubtful } of changes) if (doubtful !== true) waiting.delete(folder)
    for (;;) {
      const [first] = this.#changes
      if (first === undefined || first.waiting.size > 0) return
      applyTo(this.#platter, first)
      this.#changes.shift()
    }
  }

  /** The tree as found after power loss: every change that was not safe happened or did not. */
  afterPowerLoss({ inFlight, spoils, keepsNames }: TreePowerLoss, random: Random): SimulatedTree {
    const names = this.#namesAfterPowerLoss(keepsNames, random)
    const found = new SimulatedTree()
    const files = new Map<SimulatedFile, SimulatedFile>()
    const former = [...this.files().map(([, file]) => file), ...this.#former]
    for (const [path, entry] of [...names].sort(([one], [other]) => (one < other ? -1 : 1))) {
      if (path === '/' || found.at(dirname(path)) !== 'folder') continue
      let copy = entry === 'folder' ? entry : files.get(entry)
      if (copy === undefined) {
        const file = entry as SimulatedFile
        const stale: Content | undefined = random.pick(former.filter(other => other !== file))?.cached
        copy = file.afterPowerLoss({ inFlight: inFlight.get(file) ?? [], stale, spoils }, random)
        files.set(file, copy)
      }
      found.linkForGood(path, copy)
    }
    return found
  }

  /** The same tree in another world, with what is unsafe still unsafe. */
  copy(): { tree: SimulatedTree; copyOf: (file: SimulatedFile) => SimulatedFile } {
    const files = new Map<SimulatedFile, SimulatedFile>()
    const copyOf = (file: SimulatedFile): SimulatedFile => {
      const copy = files.get(file) ?? file.copy()
      files.set(file, copy)
      return copy
    }
    const same = (entry: Entry): Entry => (entry === 'folder' ? entry : copyOf(entry))
    const tree = new SimulatedTree()
    for (const [path, entry] of this.#seen) {
      tree.#seen.set(path, same(entry))
      if (entry !== 'folder') copyOf(entry).links = entry.links
    }
    for (const [path, entry] of this.#platter) tree.#platter.set(path, same(entry))
    for (const change of this.#changes) {
      tree.#changes.push({
        ...change,
        entry: same(change.entry),
        waiting: new Set(change.waiting)
      })
    }
    return { tree, copyOf }
  }

  /** Removes a name as if it had never been. */
  forget(path: string): void {
    const entry = this.#seen.get(path)
    if (entry instanceof SimulatedFile) entry.links--
    this.#seen.delete(path)
    this.#platter.delete(path)
    this.#changes = this.#changes.filter(({ from, to }) => from !== path && to !== path)
  }

  /** Adds a name that is safe from the start. */
  linkForGood(path: string, entry: Entry): void {
    this.#seen.set(path, entry)
    this.#platter.set(path, entry)
    if (entry !== 'folder') entry.links++
  }

  #namesAfterPowerLoss(keepsNames: boolean, random: Random): Names {
    const renamings = keepsNames ? RENAMINGS.slice(0, -1) : RENAMINGS
    const names: Names = new Map(this.#platter)
    for (const change of this.#changes) {
      const { from, to, waiting } = change
      const renaming = from !== undefined && to !== undefined ? random.pick(renamings) : undefined
      if (waiting.size === 0) applyTo(names, change)
      else if (renaming === 'both names') applyTo(names, { ...change, from: undefined })
      else if (renaming === 'neither name') applyTo(names, { ...change, to: undefined })
      else if (renaming === undefined ? random.chance(0.5) : renaming === 'done') applyTo(names, change)
    }
    return names
  }

  #change(entry: Entry, from: string | undefined, to: string | undefined): void {
    const paths = [from, to].filter(path => path !== undefined)
    const replaced = to === undefined ? undefined : this.#seen.get(to)
    if (replaced instanceof SimulatedFile) replaced.links--
    if (entry instanceof SimulatedFile && from === undefined) entry.links++
    if (entry instanceof SimulatedFile && to === undefined) {
      entry.links--
      this.#former = [entry, ...this.#former].slice(0, FORMER)
    }
    const change = { entry, from, to, waiting: new Set(paths.map(path => dirname(path))) }
    applyTo(this.#seen, change)
    this.#changes.push(change)
  }
}

function applyTo(names: Names, { entry, from, to }: NameChange): void {
  if (from !== undefined && names.get(from) === entry) names.delete(from)
  if (to !== undefined) names.set(to, entry)
}
