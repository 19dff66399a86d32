import { fstatSync, open, openSync, realpathSync, statSync } from 'node:fs'
import { promisify } from 'node:util'
import { destination } from 'pino'
import { moveToArchive, trimArchive } from './log-archive.ts'

const MIB = 1024 * 1024
const BUFFERED = 4096
const LONGEST_BACKLOG = 8 * MIB
const FLUSH_EVERY_MS = 1000
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
  readonly output: ReturnType<typeof destination>
  /** Bytes it holds once everything accepted is written. */
  bytes: number
  /** The day of what it holds; undefined while that is nothing. */
  day: Day | undefined
}

/**
 * A file that takes lines, written in the background; what a full disk cannot take within 8 MiB is left out. Given
 * limits, the first line that does not fit or belongs to another day goes to a fresh file, and the one before is moved
 * to the folder `archive`.
 */
export class RollingFile {
  readonly #path: string
  readonly #limits: RollLimits | undefined
  readonly #onTrouble: (error: unknown) => void
  readonly #unfinished = new Set<Promise<unknown>>()
  #target: Target
  #trimmed: Promise<void> = Promise.resolve()
  #troubled = false

  private constructor(
    path: string,
    descriptor: number,
    limits: RollLimits | undefined,
    onTrouble: (error: unknown) => void
  ) {
    this.#path = path
    this.#limits = limits
    this.#onTrouble = onTrouble
    this.#target = this.#targetOf(descriptor)
  }

  /** Opens or creates it; rejects when that fails. Later trouble is told to `onTrouble`, once until a file is opened anew. */
  static async open(
    path: string,
    limits: RollLimits | undefined,
    onTrouble: (error: unknown) => void
  ): Promise<RollingFile> {
    const descriptor = await promisify(open)(path, 'a')
    return new RollingFile(path, descriptor, fstatSync(descriptor).isFile() ? limits : undefined, onTrouble)
  }

  /** Takes a line, its line feed included, that was written at `at`. */
  line(text: string, at: number): void {
    const bytes = Buffer.byteLength(text)
    if (this.#isOver(bytes, at)) this.#roll(at)
    this.#target.bytes += bytes
    this.#target.day ??= dayOf(at)
    this.#target.output.write(text)
  }

  /** Opens the file anew, after something else renamed it. */
  reopen(): void {
    try {
      this.#openAnew()
    } catch (error) {
      this.#tell(error)
    }
  }

  /** Resolves to whether everything was written within `ms`. */
  async flush(ms: number): Promise<boolean> {
    const late = Promise.withResolvers<boolean>()
    const timer = setTimeout(late.resolve, ms, false)
    const { output } = this.#target
    const flushed = new Promise<void>(resolve => {
      output.once('close', resolve)
      output.flush(() => {
        output.off('close', resolve)
        resolve()
      })
    })
    const written = Promise.all([flushed, ...this.#unfinished]).then(() => true)
    const inTime = await Promise.race([written, late.promise])
    clearTimeout(timer)
    return inTime
  }

  #isOver(more: number, at: number): boolean {
    const { bytes, day } = this.#target
    if (this.#limits === undefined || day === undefined) return false
    return at >= day.end || at < day.end - MOST_BACK_MS || bytes + more > this.#limits.fileBytes
  }

  // What fails here is tried again 1 MiB later; until then the lines go where they went before.
  #roll(at: number): void {
    const { fileBytes = 0, archiveBytes = 0 } = this.#limits ?? {}
    const { day = dayOf(at), descriptor } = this.#target
    try {
      const ours = isAt(this.#path, descriptor)
      const path = ours ? realpathSync(this.#path) : this.#path
      if (ours) moveToArchive(path, day.name)
      this.#openAnew()
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

  #openAnew(): void {
    if (!fstatSync(this.#target.descriptor).isFile()) return
    const { output } = this.#target
    this.#target = this.#targetOf(openSync(this.#path, 'a'))
    this.#troubled = false
    this.#await(new Promise(resolve => output.once('close', resolve)))
    output.end()
  }

  #targetOf(descriptor: number): Target {
    const output = destination({
      dest: descriptor,
      sync: false,
      minLength: BUFFERED,
      maxLength: LONGEST_BACKLOG,
      periodicFlush: FLUSH_EVERY_MS
    })
    output.on('error', this.#tell)
    const { size, mtimeMs } = fstatSync(descriptor)
    return { descriptor, output, bytes: size, day: size > 0 ? dayOf(mtimeMs) : undefined }
  }

  #await(work: Promise<unknown>): void {
    const done = work.finally(() => this.#unfinished.delete(done))
    this.#unfinished.add(done)
  }

  readonly #tell = (error: unknown): void => {
    if (!this.#troubled) this.#onTrouble(error)
    this.#troubled = true
  }
}

function dayOf(at: number): Day {
  const date = new Date(at)
  const [year, month, day] = [date.getFullYear(), date.getMonth(), date.getDate()]
  const two = (value: number): string => String(value).padStart(2, '0')
  return { name: `${year}${two(month + 1)}${two(day)}`, end: new Date(year, month, day + 1).getTime() }
}

/** Whether the file of that name is the open one: nobody moved or deleted it. */
function isAt(path: string, descriptor: number): boolean {
  const there = statSync(path, { throwIfNoEntry: false })
  const { ino, dev } = fstatSync(descriptor)
  return there !== undefined && there.ino === ino && there.dev === dev
}
