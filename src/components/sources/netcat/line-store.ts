import type { EventBatch } from '../../../core/batch.ts'
import type { IngestResult, SourceContext } from '../../../core/contracts/source.ts'
import type { LineBatch, LineCollector, LineSegment } from '../../../wire/lines.ts'
import { answersTo } from './answers.ts'
import type { Connection } from './connection.ts'

/** Batches on their way at the same time; each holds a slab of up to 1 MiB. */
const MOST_UNDER_WAY = 8

type Segments = readonly LineSegment<Connection>[]

/** Takes the lines of all clients into the channels, answers them, and gives the room that they took back. */
export class LineStore {
  readonly #lines: LineCollector<Connection>
  readonly #context: SourceContext
  readonly #acknowledges: boolean
  #scheduled = false
  /** The oldest batch that waits. */
  #next: LineBatch<Connection> | undefined
  /** Batches on their way into the channels. */
  #underWay = 0
  /** Each of them had room at once; one that has not goes in pieces, and nothing may come between them. */
  #allWhole = true
  /** What was read before is answered once this resolves. */
  #answered: Promise<void> = Promise.resolve()
  /** Clients whose lines wait for the channels by themselves, with these lines. */
  readonly #alone = new Map<Connection, EventBatch[]>()
  /** How often one of them got all in since a line was refused. */
  #calm = 0
  /** All of those have their answers once this resolves. */
  #answeredAlone: Promise<unknown> = Promise.resolve()

  constructor(lines: LineCollector<Connection>, context: SourceContext, acknowledges: boolean) {
    this.#lines = lines
    this.#context = context
    this.#acknowledges = acknowledges
  }

  /** Stores at the end of this turn of the loop, so that what arrives together is stored together. */
  schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#storeLines()
    })
  }

  /** Resolves once all lines that were read are stored or refused, and answered. */
  async settled(): Promise<void> {
    this.#storeLines()
    while (this.#underWay > 0 || this.#alone.size > 0) {
      await this.#answered
      await this.#answeredAlone
    }
  }

  /**
   * Hands batches to the channels. The next one goes while others are under way, as a durable channel takes a disk's
   * time for each; but only where it has room at once, and so had those before it, so that the order of lines stays.
   */
  #storeLines(): void {
    while (this.#underWay < MOST_UNDER_WAY) {
      // Once each of those that are alone got all in, they come to an end, and all go together again.
      if (this.#alone.size > 0 && this.#calm >= this.#alone.size) return
      if (this.#next === undefined) this.#next = this.#lines.take()
      const lines = this.#next
      if (lines === undefined) return
      const whole = this.#context.fits(lines.batch) === lines.batch.length
      if (this.#alone.size === 0 && this.#underWay > 0 && !(whole && this.#allWhole)) return
      this.#next = undefined
      if (this.#alone.size > 0) this.#separate(lines.batch, lines.segments, 0)
      else this.#store(lines, whole)
    }
  }

  #store(lines: LineBatch<Connection>, whole: boolean): void {
    this.#underWay++
    this.#allWhole = whole
    this.#answered = this.#storeAndAnswer(lines, this.#answered)
      .catch(error => this.#context.fail(error))
      .finally(() => {
        this.#underWay--
        this.#storeLines()
      })
  }

  async #storeAndAnswer({ batch, segments }: LineBatch<Connection>, before: Promise<void>): Promise<void> {
    const result = await this.#context.ingestEach(batch)
    await before
    this.#answer(batch, segments, result)
    // None but a batch that did not fit whole has lines left, and nothing was handed over behind that.
    if (result.tried < batch.length) this.#separate(batch, segments, result.tried)
  }

  /**
   * Some line was refused: from `tried` on each client waits for the channels by itself, as if alone, and so do those
   * that come later, so that nobody waits behind the lines of another that are refused one after the other.
   */
  #separate(batch: EventBatch, segments: Segments, tried: number): void {
    let at = 0
    for (const { sender, lines } of segments) {
      const from = Math.max(at, tried)
      at += lines
      if (from >= at) continue
      // In memory of its own: one line that waits for long must not keep the slab of them all.
      const rest = batch.slice(from, at).compact()
      const waiting = this.#alone.get(sender)
      if (waiting === undefined) this.#storeAlone(sender, [rest])
      else waiting.push(rest)
    }
  }

  #storeAlone(sender: Connection, batches: EventBatch[]): void {
    this.#alone.set(sender, batches)
    const answered = this.#storeOf(sender, batches)
      .catch(error => this.#context.fail(error))
      .finally(() => {
        this.#alone.delete(sender)
        if (this.#alone.size === 0) this.#calm = 0
        this.#storeLines()
      })
    this.#answeredAlone = Promise.all([this.#answeredAlone, answered])
  }

  async #storeOf(sender: Connection, batches: EventBatch[]): Promise<void> {
    for (let batch = batches[0]; batch !== undefined; batch = batches[0]) {
      const result = await this.#context.ingestEach(batch)
      this.#calm = result.refusals.length > 0 ? 0 : this.#calm + 1
      this.#answer(batch, [{ sender, lines: result.tried }], result)
      if (result.tried === batch.length) batches.shift()
      else batches[0] = batch.slice(result.tried)
    }
  }

  #answer(batch: EventBatch, segments: Segments, result: IngestResult): void {
    for (const { sender, lines, error } of answersTo(segments, result)) {
      if (error !== undefined) sender.refuse(error.message, lines)
      else if (this.#acknowledges) sender.accept(lines)
      sender.settle(lines)
    }
    this.#context.input.release(batch.slice(0, result.tried).bodyBytes, result.tried)
  }
}
