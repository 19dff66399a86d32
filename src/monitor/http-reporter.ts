import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Lifecycle } from '../core/contracts.ts'
import type { CounterGroup, DetailsTable } from '../core/counters.ts'
import { hostOf } from '../net/listen.ts'
import { renderDetails, renderMetrics } from './json-metrics.ts'

/** What a reporter reads, always of this moment. */
export interface Readings {
  counters(): readonly CounterGroup[]
  /** Where every event is, as plain data. */
  balance(): unknown
  /** What components work on. */
  details(): readonly DetailsTable[]
}

const MOST_CONNECTIONS = 256
const LOOPBACK = /^(?:::ffff:)?127\.|^::1$/
// A page of another site that had its name point here must not read what loopback clients may.
const LOCAL_HOST = /^(?:localhost|127(?:\.\d+){3}|\[::1\])(?::\d+)?$/i

/** Flume's HTTP reporter: `/metrics` for everybody, `/balance` and `/details` for clients on this machine. */
export class HttpReporter implements Lifecycle {
  readonly #readings: Readings
  readonly #port: number
  readonly #bind: string | undefined
  readonly #server: Server

  /** Port 0 picks a free one; without `bind` it listens on all addresses. */
  constructor(readings: Readings, port: number, bind: string | undefined) {
    this.#readings = readings
    this.#port = port
    this.#bind = bind === undefined ? undefined : hostOf(bind)
    this.#server = createServer((request, response) => {
      this.#answer(request, response)
    })
    this.#server.maxConnections = MOST_CONNECTIONS
  }

  async start(): Promise<void> {
    if (this.#server.listening) return
    this.#server.listen(
      this.#bind === undefined ? { port: this.#port } : { port: this.#port, host: this.#bind }
    )
    await once(this.#server, 'listening')
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }

  /** The port it listens on, once started. */
  get port(): number {
    const address: string | AddressInfo | null = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : this.#port
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    request.resume()
    const path = (request.url ?? '/').replace(/[?#].*$/s, '')
    if (request.method === 'TRACE' || request.method === 'OPTIONS')
      return send(response, 403, 'text/plain;charset=utf-8', '')
    if (path === '/') {
      return send(
        response,
        200,
        'text/html;charset=utf-8',
        'For Flume metrics please click <a href = "./metrics"> here</a>.'
      )
    }
    if (path.toLowerCase() === '/metrics') return sendJson(response, renderMetrics(this.#readings.counters()))
    const local = this.#local(path)
    if (local === undefined)
      return send(
        response,
        404,
        'text/plain;charset=utf-8',
        'Not found. There are /metrics, /balance and /details.\n'
      )
    if (!isLocal(request))
      return send(response, 403, 'text/plain;charset=utf-8', 'Only for clients on the same machine.\n')
    sendJson(response, local())
  }

  #local(path: string): (() => string) | undefined {
    if (path === '/balance') return () => JSON.stringify(this.#readings.balance())
    if (path === '/details') return () => renderDetails(this.#readings.details())
    return undefined
  }
}

function isLocal(request: IncomingMessage): boolean {
  return LOOPBACK.test(request.socket.remoteAddress ?? '') && LOCAL_HOST.test(request.headers.host ?? '')
}

function sendJson(response: ServerResponse, text: string): void {
  send(response, 200, 'application/json;charset=utf-8', text)
}

function send(response: ServerResponse, status: number, type: string, text: string): void {
  const body = Buffer.from(text)
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': body.length })
  response.end(body)
}
