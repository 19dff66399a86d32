import { basename, dirname, join } from 'node:path'
import { DurableLog } from '../../src/store/durable-log.ts'
import type { DurableLogOptions } from '../../src/store/log-options.ts'
import { ReturnedEvents, SMALL_LOG } from '../../src/store/returned-events.ts'
import { FakeClock } from '../../src/testing/fake-clock.ts'
import { batchOf, textsOf } from '../../src/testing/fake-context.ts'
import { FakeLog } from '../../src/testing/fake-log.ts'
import { SimulatedDisk } from '../../src/testing/simulated-disk.ts'
import { HOMECOMING, type LeavingLife, type LeavingStory } from './leaving-story.ts'
import { BLOCK } from './story-log.ts'

const BASE = '/data'
const OTHER = '/other'
/** Puts up to this size are never cut into parts. */
const PART_BYTES = BLOCK
const never = new AbortController().signal

type Files = Map<string, Buffer>

/** What is known of the events of a story: each is a number. */
class Events {
  next = 0
  readonly acked = new Set<number>()
  /** How often each came out. */
  readonly given = new Map<number, number>()
  /** Numbers of those that somebody destroyed: nobody can deliver them. */
  readonly destroyed = new Set<number>()
  /** Numbers of those in puts of several parts. */
  readonly inParts = new Set<number>()
  /** Whether something was missing so far: then records of takes may have been. */
  mayRepeat = false
}

/**
 * Plays a story of folders and files that leave, and come back, also older than they were; resolves to what the log did
 * wrong. Everything acknowledged comes in the end, unless its only copy was overwritten; nothing comes twice where no
 * record of it was missing; what is said to be there is there.
 */
export async function playLeavingStory(story: LeavingStory): Promise<string[]> {
  const play = new Play(story)
  for (const [i, life] of story.lives.entries()) {
    // Folders of which nothing ever was in one place are no log.
    await play.live(i === 0 ? { ...life, away: [], missing: [] } : life)
    if (play.violations.length > 0) return play.violations
  }
  await play.live(HOMECOMING)
  if (play.violations.length === 0) play.judge()
  return play.violations
}

class Play {
  readonly violations: string[] = []
  readonly #story: LeavingStory
  readonly #events = new Events()
  #clock = new FakeClock()
  readonly #log = new FakeLog()
  #disk: SimulatedDisk
  /** The folders of the life before. */
  #before: readonly string[] = []
  /** What is away, by path. */
  readonly #away: Files = new Map()
  /** Of each folder as it was once. */
  readonly #copies = new Map<number, Files>()

  constructor(story: LeavingStory) {
    this.#story = story
    this.#disk = new SimulatedDisk({
      seed: story.seed,
      folders: [BASE, OTHER],
      automatic: true,
      keepsNames: true
    })
  }

  async live(life: LeavingLife): Promise<void> {
    this.#clock = new FakeClock(this.#clock.now() + life.clockMs)
    this.#returnAll()
    if (life.old !== undefined) this.#restoreOld(life.old % this.#story.folders)
    this.#copyOne(life)
    const folders = this.#leave(life)
    if (life.swapped !== undefined) await this.#swap(life, folders, life.swapped)
    try {
      await this.#use(life, folders)
    } catch (error) {
      const said = error instanceof Error ? (error.stack ?? error.message) : String(error)
      this.violations.push(`the life ended with ${said}`)
    }
    this.violations.push(...this.#disk.violations)
  }

  /** What must have come by now. */
  judge(): void {
    const { acked, given, destroyed, mayRepeat } = this.#events
    const lost = [...acked].filter(number => !given.has(number) && !destroyed.has(number))
    if (lost.length > 0) this.violations.push(`lost: ${lost.length} events, the first is ${lost[0]}`)
    const twice = [...given].filter(([, times]) => times > 1).map(([number]) => number)
    if (!mayRepeat && twice.length > 0)
      this.violations.push(`${twice.length} events twice, first ${twice[0]}`)
  }

  #folder(index: number): string {
    return join(BASE, `log${index}`)
  }

  #returnAll(): void {
    for (const [path, bytes] of this.#away) {
      const place = this.#freePlace(path)
      if (place === undefined) this.#destroy()
      else this.#disk.plant(place, bytes)
    }
    this.#away.clear()
  }

  /** A file of that name may have been made meanwhile: then the one that comes back goes to another folder. */
  #freePlace(path: string): string | undefined {
    const files = this.#disk.files()
    const places = Array.from({ length: this.#story.folders }, (_, i) =>
      join(this.#folder(i), basename(path))
    )
    return [path, ...places].find(place => !files.has(place))
  }

  /** Files are overwritten: which events that costs is not known. */
  #destroy(): void {
    for (let number = 0; number < this.#events.next; number++) this.#events.destroyed.add(number)
    this.#events.mayRepeat = true
  }

  #restoreOld(index: number): void {
    const files = this.#copies.get(index)
    if (files === undefined) return
    for (const path of this.#below(this.#folder(index))) this.#disk.uproot(path)
    for (const [path, bytes] of files) this.#disk.plant(path, bytes)
    this.#destroy()
  }

  #copyOne({ puts }: LeavingLife): void {
    const index = puts.length % this.#story.folders
    if (this.#copies.has(index)) return
    const folder = this.#folder(index)
    const files: Files = new Map([...this.#disk.files()].filter(([path]) => path.startsWith(`${folder}/`)))
    if (files.size > 0) this.#copies.set(index, files)
  }

  /** Takes away what is away in this life; returns the folders that are left. */
  #leave({ away, missing }: LeavingLife): string[] {
    const all = Array.from({ length: this.#story.folders }, (_, i) => i)
    const gone = all.filter(i => away.includes(i)).slice(0, all.length - 1)
    for (const index of gone) for (const path of this.#below(this.#folder(index))) this.#take(path)
    const left = all.filter(i => !gone.includes(i)).map(i => this.#folder(i))
    const segments = [...this.#disk.files().keys()].filter(
      path => basename(path).startsWith('seg-') && left.includes(dirname(path))
    )
    for (const place of segments.length === 0 ? [] : missing)
      this.#take(segments[place % segments.length] ?? '')
    if (gone.length > 0 || missing.length > 0) this.#events.mayRepeat = true
    // After a kill nothing tells that the newest file is gone: a put that ended in it seems never to have ended.
    if (missing.length > 0) for (const number of this.#events.inParts) this.#events.destroyed.add(number)
    return left
  }

  #below(folder: string): string[] {
    return [...this.#disk.files().keys()].filter(path => path.startsWith(`${folder}/`))
  }

  #take(path: string): void {
    const bytes = this.#disk.files().get(path)
    if (bytes === undefined) return
    this.#away.set(path, bytes)
    this.#disk.uproot(path)
  }

  /** Another log's folder in the place of one of ours: nothing may happen to either. */
  async #swap(life: LeavingLife, folders: readonly string[], index: number): Promise<void> {
    const mine = folders[index % folders.length] ?? ''
    if (!folders.every(folder => this.#before.includes(folder))) return
    if (folders.length < 2 || !this.#below(mine).some(path => /\/seg-[^/]*$/.test(path))) return
    const others = await this.#otherLog(life)
    const own = new Map(
      this.#below(mine).map(path => [path, this.#disk.files().get(path) ?? Buffer.alloc(0)])
    )
    for (const path of own.keys()) this.#disk.uproot(path)
    for (const [name, bytes] of others) this.#disk.plant(join(mine, name), bytes)
    const before = this.#disk.files()
    const outcome = await this.#open(life, folders).then(
      async opened => {
        await opened.close()
        return 'started'
      },
      () => 'refused'
    )
    if (outcome === 'started')
      this.violations.push('starts with the folder of another log in place of its own')
    for (const [path, bytes] of before)
      if (/\/seg-[^/]*$/.test(path) && !this.#disk.files().get(path)?.equals(bytes))
        this.violations.push(`${path} was changed by a start that was refused`)
    for (const path of this.#below(mine)) this.#disk.uproot(path)
    for (const [path, bytes] of own) this.#disk.plant(path, bytes)
  }

  async #otherLog(life: LeavingLife): Promise<Files> {
    const folder = join(OTHER, `${this.#events.next}`)
    const log = await DurableLog.open({ ...this.#options(life, [folder, join(folder, 'b')]), name: 'other' })
    for (let i = 0; i < 20; i++) await log.put(batchOf([`other ${i}`.padEnd(3000, '.')]), never)
    await log.close()
    const files = [...this.#disk.files()].filter(([path]) => dirname(path) === folder)
    return new Map(files.map(([path, bytes]) => [basename(path), bytes]))
  }

  #options(life: LeavingLife, folders: readonly string[]): DurableLogOptions {
    return {
      name: 'tested',
      folders,
      disk: this.#disk,
      clock: this.#clock,
      log: this.#log,
      capacity: Infinity,
      transactionCapacity: 10_000,
      keepAliveMs: 0,
      memoryBytes: BLOCK,
      minimumFreeBytes: 0,
      segmentBytes: life.segmentBlocks * BLOCK,
      stagingBytes: 4 * BLOCK,
      keepFreeSegments: 1,
      verify: life.verify
    }
  }

  async #open(
    life: LeavingLife,
    folders: readonly string[]
  ): Promise<{ log: DurableLog; returned: ReturnedEvents; close(): Promise<void> }> {
    const options = this.#options(life, folders)
    const log = await DurableLog.open(options)
    const returned = await ReturnedEvents.open(log.recovery.returned, {
      ...options,
      open: apart => DurableLog.open({ ...options, ...SMALL_LOG, segmentBytes: 16 * BLOCK, folders: apart })
    })
    return { log, returned, close: () => returned.close().then(() => log.close()) }
  }

  async #use(life: LeavingLife, folders: readonly string[]): Promise<void> {
    const { log, returned, close } = await this.#open(life, folders)
    const held = log.size + returned.size
    const skipped = log.skippedEvents
    for (const events of life.puts) await this.#put(log, events)
    const put = life.puts.reduce((sum, events) => sum + events, 0)
    let taken = await this.#takeOut(log, life.takes)
    if (life === HOMECOMING) {
      await this.#moveIn(log, returned)
      taken += await this.#takeOut(log, Infinity)
      const lost = log.skippedEvents - skipped
      if (taken !== held + put - lost)
        this.violations.push(`held ${held} and ${put} came, ${lost} of them lost, but gave out ${taken}`)
    }
    const numbers = life.cutsPut ? this.#newNumbers(5) : []
    if (numbers.length > 0) log.put(batchOf(numbers.map(textOf)), never).catch(() => undefined)
    if (life.end === 'stop') await close()
    this.#before = folders
    this.#disk =
      life.end === 'stop' ? this.#disk : life.end === 'kill' ? this.#disk.kill() : this.#disk.crash()
  }

  async #moveIn(log: DurableLog, returned: ReturnedEvents): Promise<void> {
    const waiting = returned.size
    if (waiting === 0) return
    const moved = Promise.withResolvers<void>()
    let arrived = 0
    returned.deliverTo(async (batch, signal) => {
      await log.put(batch, signal)
      arrived += batch.length
      if (arrived >= waiting) moved.resolve()
    })
    await moved.promise
  }

  async #put(log: DurableLog, events: number): Promise<void> {
    const numbers = this.#newNumbers(events)
    const texts = numbers.map(textOf)
    await log.put(batchOf(texts), never)
    for (const number of numbers) this.#events.acked.add(number)
    if (texts.join('').length > PART_BYTES) for (const number of numbers) this.#events.inParts.add(number)
  }

  #newNumbers(events: number): number[] {
    return Array.from({ length: events }, () => this.#events.next++)
  }

  async #takeOut(log: DurableLog, most: number): Promise<number> {
    let taken = 0
    while (taken < most) {
      const lease = await log.take(Math.min(50, most - taken))
      if (lease === undefined) break
      taken += lease.batch.length
      for (const text of textsOf(lease.batch)) this.#given(text)
      await lease.commit()
    }
    return taken
  }

  #given(text: string): void {
    const number = parseInt(text, 10)
    if (text !== textOf(number) || number >= this.#events.next)
      this.violations.push(`gave out what was never put: ${text.slice(0, 40)}`)
    this.#events.given.set(number, (this.#events.given.get(number) ?? 0) + 1)
  }
}

function textOf(number: number): string {
  return String(number).padEnd(number % 7 === 0 ? 5000 : 300, '.')
}
