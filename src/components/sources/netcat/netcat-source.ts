import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { Source, SourceContext } from '../../../core/contracts/source.ts'
import { messageOf } from '../../../core/errors.ts'
import { gauge, type Details, type GaugesOf } from '../../../core/metrics.ts'
import { CHUNK_BYTES, type InputReader } from '../../../core/input-budget.ts'
import { atMostEvery } from '../../../core/seldom.ts'
import { isOfAccept, limitConnections } from '../../../net/connection-limit.ts'
import { addressText, listen } from '../../../net/listen.ts'
import { readInto } from '../../../net/read-into.ts'
import { LineCollector } from '../../../wire/lines.ts'
import { SCAN_INPUT } from '../../../wire/newline-scan.ts'
import { codingOf } from './coding.ts'
import { Connection } from './connection.ts'
import { LineStore } from './line-store.ts'
import { Replies } from './replies.ts'

/** So often at most it is told what connections left unfinished. */
const BETWEEN_WARNINGS_MS = 10_000
/** Set to false with -D, reads go through Node's own buffers: slower, and without anything private of Node. */
const DIRECT_READS = 'millrace.net.direct-reads'
/** Where those read that read little at once. */
const SMALL_INPUT = SCAN_INPUT.subarray(0, CHUNK_BYTES)

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
  readonly #replies: Replies
  readonly #connections = new Map<Connection, InputReader>()
  readonly #lines: LineCollector<Connection>
  readonly #store: LineStore
  #server: Server | undefined
  #address: AddressInfo | undefined
  #stopping: Promise<void> | undefined
  /** Connections that ended within a line, and what was dropped of them. */
  readonly #sayUnfinished: (ended: { connections: number; bytes: number }, why: undefined) => void

  constructor(settings: NetcatSettings, context: SourceContext) {
    this.#settings = settings
    this.#context = context
    this.#replies = new Replies(codingOf(settings.encoding))
    this.#lines = new LineCollector(settings.maxLineLength)
    this.#store = new LineStore(this.#lines, context, settings.acknowledge)
    this.#sayUnfinished = atMostEvery(BETWEEN_WARNINGS_MS, context.clock, sums =>
      context.log.warn('Connections ended within a line; its bytes are dropped.', { ...sums })
    )
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
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, socket => {
      if (mayStay(socket)) this.#serve(socket)
    })
    this.#address = await listen(server, this.#settings.bind, this.#settings.port)
    const mayStay = limitConnections(server, this.#context)
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
    for (const [connection, reader] of this.#connections) {
      reader.leave()
      if (!connection.finished) connection.hold()
    }
    await this.#store.settled()
    for (const connection of this.#connections.keys()) this.#finish(connection)
    await closed
  }

  #serve(accepted: Socket): void {
    const direct = this.#context.environment.properties[DIRECT_READS] !== 'false'
    const reader = this.#context.input.reader({
      goOn: () => this.#goOn(connection, reader),
      giveUp: () => this.#refuse(connection, 'The unfinished lines of all clients take too much memory')
    })
    const nextBuffer = (): Buffer => (reader.nextChunkBytes() === CHUNK_BYTES ? SMALL_INPUT : SCAN_INPUT)
    const socket = readInto(accepted, nextBuffer, bytes => this.#read(connection, reader, bytes), direct)
    const onListening = (): void => this.#goOn(connection, reader)
    const connection = new Connection(socket, this.#replies, this.#context.clock, onListening)
    this.#connections.set(connection, reader)
    this.#context.counters.OpenConnectionCount = this.#connections.size
    socket.on('end', () => {
      connection.ended = true
      if (connection.kept.length === 0) this.#finish(connection)
    })
    socket.on('error', error => this.#context.log.debug('A connection broke.', { reason: messageOf(error) }))
    socket.on('close', () => {
      this.#reportUnfinished(connection)
      reader.leave()
      this.#connections.delete(connection)
      this.#context.counters.OpenConnectionCount = this.#connections.size
    })
    socket.resume()
  }

  /** Everything that counts was read. */
  #finish(connection: Connection): void {
    this.#reportUnfinished(connection)
    connection.finish()
  }

  /** A line without its end is no event, as nobody knows whether it is whole: it is not answered, but counted. */
  #reportUnfinished({ unfinishedBytes }: Connection): void {
    if (unfinishedBytes === 0) return
    this.#context.counters.EventReadFail += 1
    this.#sayUnfinished({ connections: 1, bytes: unfinishedBytes }, undefined)
  }

  /** Takes the bytes that lie in the scanner's input, or keeps them until there is room. */
  #read(connection: Connection, reader: InputReader, bytes: number): void {
    if (connection.finished) return
    const kept = connection.kept.length
    if (kept > 0 || !reader.admit(bytes)) {
      connection.keep(SCAN_INPUT.subarray(0, bytes))
      if (kept > 0) reader.admit(kept + bytes)
    } else this.#take(connection, reader, bytes)
  }

  /** There may be room, or the client reads its answers again. */
  #goOn(connection: Connection, reader: InputReader): void {
    if (connection.finished || connection.deaf || this.#server === undefined) return
    while (connection.kept.length > 0) {
      if (!reader.admit(connection.kept.length)) return
      this.#take(connection, reader, connection.takeKept(SCAN_INPUT))
    }
    if (connection.ended) this.#finish(connection)
    else if (!connection.finished && reader.admit(0)) connection.goOn()
  }

  /** Takes the bytes that lie in the scanner's input. */
  #take(connection: Connection, reader: InputReader, bytes: number): void {
    const { count, bodyBytes } = this.#lines
    const { rest, decode } = connection
    const fits =
      decode === undefined
        ? this.#lines.addInput(connection, rest, bytes)
        : this.#lines.add(connection, rest, decode(Buffer.from(SCAN_INPUT.subarray(0, bytes))))
    const events = this.#lines.count - count
    connection.unsettled += events
    reader.took({
      read: bytes,
      bytes: this.#lines.bodyBytes - bodyBytes,
      events,
      unfinishedBytes: rest.held.length
    })
    if (!fits) {
      const limit = this.#settings.maxLineLength
      this.#refuse(connection, `Event exceeds the maximum length (${limit} chars, including newline)`)
    }
    if (!connection.finished && !reader.admit(0)) connection.hold()
    this.#store.schedule()
  }

  /** Ends a client's connection for what it sent. */
  #refuse(connection: Connection, reason: string): void {
    this.#context.counters.EventReadFail += 1
    connection.finish(reason)
    this.#connections.get(connection)?.leave()
  }
}

function peerOf({ remoteAddress = '', remotePort = 0, remoteFamily = '' }: Socket): string {
  return addressText({ address: remoteAddress, port: remotePort, family: remoteFamily })
}
