import { close, fstat, open, type Stats } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import { promisify } from 'node:util'
import { systemCode } from '../core/errors.ts'
import { moveToArchive, trimArchive } from './log-archive.ts'
import { TextOutput } from './text-output.ts'

const MIB = 1024 * 1024
const LONGEST_BACKLOG = 8 * MIB
const RETRY_BYTES = MIB
/** A clock that is set back less than about a day lets the day go on; one that was wrong by more ends it. */
const MOST_BACK_MS = 48 * 3_600_000

/** How large a log file and all its archived ones may be. */
export interface RollLimits {
  readonly fileBytes: number
  readonly archiveBytes: number
}

/** Those of the log4j2.xml that Flume comes with. */
export const FLUME_LIMITS: RollLimits = { fileBytes: 100 * MIB, archiveBytes: 1024 * MIB }

interface Day {
  /** yyyyMMdd, local time. */
  readonly name: string
  /** Epoch milliseconds at which it is over. */
  readonly end: number
}

interface Target {
  readonly descriptor: number
  readonly output: TextOutput
  readonly isFile: boolean
  /** Bytes it holds once everything accepted is written. */
  bytes: number
  /** The day of what it holds; undefined while that is nothing. */
  day: Day | undefined
}

export interface RollingOptions {
  /** Without limits the file is never rolled. */
  readonly limits: RollLimits | undefined
  /** Told of trouble, once until a file is opened anew. */
  readonly onTrouble: (error: unknown) => void
  /** What to write in the place of lines that were left out. */
  readonly leftOut?: (lines: number) => string
}

interface Line {
  readonly text: string
  readonly at: number
}

/**
 * A file that takes lines and never blocks; what a full or absent disk cannot take within 8 MiB is left out. Given
 * limits, the first line that does not fit or belongs to another day goes to a fresh file, and the one before is moved
 * to the folder `archive`; meanwhile lines wait.
 */
export class RollingFile {
  readonly #path: string
  readonly #options: RollingOptions
  readonly #unfinished = new Set<Promise<unknown>>()
  readonly #tasks: (() => Promise<void>)[] = []
  #target: Target
  #limits: RollLimits | undefined
  #work: Promise<void> | undefined
  #held: Line[] = []
  #heldBytes = 0
  #left = 0
  #trimmed: Promise<void> = Promise.resolve()
  #troubled = false

  private constructor(path: string, options: RollingOptions, [descriptor, status]: Opened) {
    this.#path = path
    this.#options = options
    this.#limits = status.isFile() ? options.limits : undefined
    this.#target = this.#targetOf(descriptor, status)
  }

  /** Opens or creates it; rejects when that fails. */
  static async open(path: string, options: RollingOptions): Promise<RollingFile> {
    return new RollingFile(path, options, await opened(path))
  }

  /** Takes a line, its line feed included, that was written at `at`. */
  line(text: string, at: number): void {
    if (this.#work !== undefined) {
      this.#hold(text, at)
      return
    }
    const bytes = Buffer.byteLength(text)
    if (this.#isOver(bytes, at)) this.#begin(() => this.#roll(at).then(() => this.#take(text, bytes, at)))
    else this.#take(text, bytes, at)
  }

  /** Opens the file anew, after something else renamed it; lines taken before are where it was moved. */
  reopen(): void {
    this.#begin(() => this.#openAnew())
  }

  /** Resolves to false when something is still under way after `ms`; what cannot be written at present is not. */
  async flush(ms: number): Promise<boolean> {
    const late = Promise.withResolvers<boolean>()
    const timer = setTimeout(late.resolve, ms, false)
    const inTime = await Promise.race([this.#flushAll(ms), late.promise])
    clearTimeout(timer)
    return inTime
  }

  async #flushAll(ms: number): Promise<boolean> {
    while (this.#work !== undefined) await this.#work
    const written = await this.#target.output.flush(ms)
    await Promise.all(this.#unfinished)
    return written
  }

  #take(text: string, bytes: number, at: number): void {
    this.#target.bytes += bytes
    this.#target.day ??= dayOf(at)
    this.#target.output.write(text)
  }

  #hold(text: string, at: number): void {
    if (this.#heldBytes > LONGEST_BACKLOG) {
      this.#left++
      return
    }
    this.#held.push({ text, at })
    this.#heldBytes += text.length
  }

  #begin(task: () => Promise<void>): void {
    this.#tasks.push(task)
    this.#work ??= this.#workOff()
  }

  async #workOff(): Promise<void> {
    for (let task = this.#tasks.shift(); task !== undefined; task = this.#tasks.shift()) {
      await task().catch(this.#tell)
    }
    this.#work = undefined
    const held = this.#held
    this.#held = []
    this.#heldBytes = 0
    const left = this.#left
    this.#left = 0
    for (const { text, at } of held) this.line(text, at)
    if (left > 0)
      this.#options.onTrouble(new Error(`${left} lines were left out, a file took too long to open.`))
  }

  #isOver(more: number, at: number): boolean {
    const { bytes, day } = this.#target
    if (this.#limits === undefined || day === undefined) return false
    return at >= day.end || at < day.end - MOST_BACK_MS || bytes + more > this.#limits.fileBytes
  }

  // What fails here is tried again 1 MiB later; until then the lines go where they went before.
  async #roll(at: number): Promise<void> {
    const { fileBytes = 0, archiveBytes = 0 } = this.#limits ?? {}
    const { day = dayOf(at), descriptor } = this.#target
    try {
      const ours = await isAt(this.#path, descriptor)
      const path = ours ? await realpath(this.#path) : this.#path
      if (ours) await moveToArchive(path, day.name)
      await this.#openAnew()
      if (ours) {
        this.#trimmed = this.#trimmed.then(() => trimArchive(path, archiveBytes)).catch(this.#tell)
        this.#await(this.#trimmed)
      }
    } catch (error) {
      this.#tell(error)
      this.#target.bytes = Math.max(0, fileBytes - RETRY_BYTES)
      this.#target.day = dayOf(at)
    }
  }

  async #openAnew(): Promise<void> {
    const before = this.#target
    if (!before.isFile) return
    this.#target = this.#targetOf(...(await opened(this.#path)))
    this.#troubled = false
    this.#await(before.output.emptied().then(() => promisify(close)(before.descriptor)))
  }

  #targetOf(descriptor: number, status: Stats): Target {
    const { leftOut } = this.#options
    const output = new TextOutput(descriptor, {
      longestBacklog: LONGEST_BACKLOG,
      onTrouble: this.#tell,
      ...(leftOut === undefined ? {} : { leftOut })
    })
    const { size, mtimeMs } = status
    const day = size > 0 ? dayOf(mtimeMs) : undefined
    return { descriptor, output, isFile: status.isFile(), bytes: size, day }
  }

  #await(work: Promise<unknown>): void {
    const done = work.catch(this.#tell).finally(() => this.#unfinished.delete(done))
    this.#unfinished.add(done)
  }

  readonly #tell = (error: unknown): void => {
    if (!this.#troubled) this.#options.onTrouble(error)
    this.#troubled = true
  }
}

type Opened = readonly [descriptor: number, status: Stats]

async function opened(path: string): Promise<Opened> {
  const descriptor = await promisify(open)(path, 'a')
  return [descriptor, await promisify(fstat)(descriptor)]
}

function dayOf(at: number): Day {
  const date = new Date(at)
  const [year, month, day] = [date.getFullYear(), date.getMonth(), date.getDate()]
  const two = (value: number): string => String(value).padStart(2, '0')
  return { name: `${year}${two(month + 1)}${two(day)}`, end: new Date(year, month, day + 1).getTime() }
}

/** Whether the file of that name is the open one: nobody moved or deleted it. */
async function isAt(path: string, descriptor: number): Promise<boolean> {
  try {
    const [there, ours] = await Promise.all([stat(path), promisify(fstat)(descriptor)])
    return there.ino === ours.ino && there.dev === ours.dev
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false
    throw error
  }
}
