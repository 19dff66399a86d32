import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { EventBatch } from '../../../core/batch.ts'
import type { IngestResult, Source, SourceContext } from '../../../core/contracts.ts'
import { messageOf } from '../../../core/errors.ts'
import { gauge, type Details, type GaugesOf } from '../../../core/metrics.ts'
import { isOfAccept, limitConnections } from '../../../net/connection-limit.ts'
import { addressText, listen } from '../../../net/listen.ts'
import { readInto } from '../../../net/read-into.ts'
import { LineCollector, type LineBatch, type LineSegment } from '../../../wire/lines.ts'
import { SCAN_INPUT } from '../../../wire/newline-scan.ts'
import { answersTo } from './answers.ts'
import { codingOf, type Coding } from './coding.ts'
import { Connection, manyOks } from './connection.ts'

/** Lines that wait for the channels, in bytes, before sockets are no longer read. */
const WAITING_BYTES = 1024 * 1024
/** Batches on their way at the same time; each holds a slab of up to 1 MiB. */
const MOST_UNDER_WAY = 8
/** So often at most it is told what connections left unfinished. */
const BETWEEN_WARNINGS_MS = 10_000
/** Set to false with -D, reads go through Node's own buffers: slower, and without anything private of Node. */
const DIRECT_READS = 'millrace.net.direct-reads'

export const CONNECTIONS = {
  title: 'Connections',
  columns: {
    readBytes: gauge('bytes', 'Read from it so far.'),
    waitingLines: gauge('lines', 'Lines that the channels have not taken or refused yet.'),
    unfinishedBytes: gauge('bytes', 'Of a line that has no end yet.')
  }
} as const

export interface NetcatSettings {
  readonly bind: string
  readonly port: number
  readonly maxLineLength: number
  readonly acknowledge: boolean
  readonly encoding: string
}

/** One event for each line that a TCP client sends. Lines of all clients go to the channels in common batches. */
export class NetcatSource implements Source {
  readonly #settings: NetcatSettings
  readonly #context: SourceContext
  readonly #answers: { readonly coding: Coding; readonly oks: Buffer }
  readonly #connections = new Set<Connection>()
  readonly #held = new Set<Connection>()
  readonly #lines: LineCollector<Connection>
  #server: Server | undefined
  #address: AddressInfo | undefined
  #scheduled = false
  /** The oldest batch that waits. */
  #next: LineBatch<Connection> | undefined
  /** Batches on their way into the channels. */
  #underWay = 0
  /** Each of them had room at once; one that has not goes in pieces, and nothing may come between them. */
  #allWhole = true
  /** What was read before is answered once this resolves. */
  #answered: Promise<void> = Promise.resolve()
  #stopping: Promise<void> | undefined
  /** What was dropped for want of a line feed since it was last told. */
  #unfinished = { connections: 0, bytes: 0, toldAt: -Infinity }

  constructor(settings: NetcatSettings, context: SourceContext) {
    this.#settings = settings
    this.#context = context
    const coding = codingOf(settings.encoding)
    this.#answers = { coding, oks: manyOks(coding) }
    this.#lines = new LineCollector(settings.maxLineLength)
  }

  describe(): string {
    const { bind, port } = this.#settings
    return this.#address === undefined ? `${bind}:${port}` : addressText(this.#address)
  }

  details(): Details<GaugesOf<typeof CONNECTIONS.columns>> {
    const rows = this.#connections.keys().map(({ socket, unsettled, unfinishedBytes }) => ({
      name: peerOf(socket),
      readBytes: socket.bytesRead,
      waitingLines: unsettled,
      unfinishedBytes
    }))
    return { total: this.#connections.size, rows }
  }

  async start(): Promise<void> {
    if (this.#server !== undefined) return
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, socket => this.#serve(socket))
    this.#address = await listen(server, this.#settings.bind, this.#settings.port)
    limitConnections(server, this.#context)
    server.on('error', error => {
      if (!isOfAccept(error)) this.#context.fail(error)
    })
    this.#server = server
    this.#context.log.info('Listening.', { address: this.describe() })
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop().finally(() => {
      this.#stopping = undefined
    })
    return this.#stopping
  }

  async #stop(): Promise<void> {
    const server = this.#server
    if (server === undefined) return
    this.#server = undefined
    const closed = once(server, 'close')
    server.close()
    // From here on nothing is read, so that a client that sends without end cannot put off the end.
    for (const connection of this.#connections) if (!connection.finished) connection.hold()
    this.#held.clear()
    await this.#settled()
    for (const connection of this.#connections) connection.finish()
    await closed
  }

  #serve(accepted: Socket): void {
    const direct = this.#context.environment.properties[DIRECT_READS] !== 'false'
    const socket = readInto(accepted, SCAN_INPUT, bytes => this.#read(connection, bytes), direct)
    const connection = new Connection(socket, this.#answers, this.#context.clock)
    this.#connections.add(connection)
    this.#context.counters.OpenConnectionCount = this.#connections.size
    socket.on('end', () => connection.finish())
    socket.on('error', error => this.#context.log.debug('A connection broke.', { reason: messageOf(error) }))
    socket.on('close', () => {
      this.#reportUnfinished(connection)
      this.#connections.delete(connection)
      this.#held.delete(connection)
      this.#context.counters.OpenConnectionCount = this.#connections.size
    })
    socket.resume()
  }

  /** A line without its end is no event, as nobody knows whether it is whole: it is not answered, but counted. */
  #reportUnfinished({ unfinishedBytes }: Connection): void {
    if (unfinishedBytes === 0) return
    this.#context.counters.EventReadFail += 1
    this.#unfinished.connections++
    this.#unfinished.bytes += unfinishedBytes
    const now = this.#context.clock.now()
    if (now - this.#unfinished.toldAt < BETWEEN_WARNINGS_MS) return
    const { connections, bytes } = this.#unfinished
    this.#context.log.warn('Connections ended within a line; its bytes are dropped.', { connections, bytes })
    this.#unfinished = { connections: 0, bytes: 0, toldAt: now }
  }

  /** Takes the bytes that lie in the scanner's input. */
  #read(connection: Connection, bytes: number): void {
    if (connection.finished) return
    const before = this.#lines.count
    const fits =
      connection.decoder === undefined
        ? this.#lines.addInput(connection, connection.rest, bytes)
        : this.#lines.add(
            connection,
            connection.rest,
            connection.decoder.decode(Buffer.from(SCAN_INPUT.subarray(0, bytes)))
          )
    connection.unsettled += this.#lines.count - before
    if (!fits) {
      this.#context.counters.EventReadFail += 1
      const limit = this.#settings.maxLineLength
      connection.finish(`Event exceeds the maximum length (${limit} chars, including newline)`)
    }
    if (this.#lines.bytes >= WAITING_BYTES) {
      connection.hold()
      this.#held.add(connection)
    }
    this.#schedule()
  }

  /** Stores at the end of this turn of the loop, so that what arrives together is stored together. */
  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#storeLines()
    })
  }

  /**
   * Hands batches to the channels. The next one goes while others are under way, as a durable channel takes a disk's
   * time for each; but only where it has room at once, and so had those before it, so that the order of lines stays.
   */
  #storeLines(): void {
    while (this.#underWay < MOST_UNDER_WAY) {
      if (this.#next === undefined) this.#next = this.#lines.take()
      const lines = this.#next
      if (lines === undefined) break
      const whole = this.#context.fits(lines.batch) === lines.batch.length
      if (this.#underWay > 0 && !(whole && this.#allWhole)) break
      this.#allWhole = whole
      this.#next = undefined
      this.#store(lines)
    }
    if (this.#held.size > 0 && this.#next === undefined && this.#lines.bytes < WAITING_BYTES) this.#goOn()
  }

  #store(lines: LineBatch<Connection>): void {
    this.#underWay++
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
    this.#answer(segments, result)
    // None but a batch that did not fit whole has lines left, and nothing was handed over behind that.
    if (result.tried < batch.length) await this.#storeSeparately(batch, segments, result.tried)
  }

  /** Resolves once everything that was read is stored or refused, and answered. */
  async #settled(): Promise<void> {
    this.#storeLines()
    while (this.#underWay > 0) await this.#answered
  }

  #goOn(): void {
    for (const connection of this.#held) connection.goOn()
    this.#held.clear()
  }

  #answer(segments: readonly LineSegment<Connection>[], result: IngestResult): void {
    for (const { sender, lines, error } of answersTo(segments, result)) {
      if (error !== undefined) sender.refuse(error.message, lines)
      else if (this.#settings.acknowledge) sender.accept(lines)
      sender.settle(lines)
    }
  }

  /** Some line was refused: from here on each connection waits for the channels by itself, as if alone. */
  async #storeSeparately(
    batch: EventBatch,
    segments: readonly LineSegment<Connection>[],
    tried: number
  ): Promise<void> {
    const left = new Map<Connection, EventBatch[]>()
    let at = 0
    for (const { sender, lines } of segments) {
      const from = Math.max(at, tried)
      at += lines
      if (from >= at) continue
      const rest = batch.slice(from, at)
      const others = left.get(sender)
      if (others === undefined) left.set(sender, [rest])
      else others.push(rest)
    }
    await Promise.all([...left].map(([connection, batches]) => this.#storeOf(connection, batches)))
  }

  async #storeOf(sender: Connection, batches: readonly EventBatch[]): Promise<void> {
    for (const batch of batches) {
      for (let done = 0; done < batch.length;) {
        const result = await this.#context.ingestEach(batch.slice(done))
        this.#answer([{ sender, lines: result.tried }], result)
        done += result.tried
      }
    }
  }
}

function peerOf({ remoteAddress = '', remotePort = 0, remoteFamily = '' }: Socket): string {
  return addressText({ address: remoteAddress, port: remotePort, family: remoteFamily })
}
