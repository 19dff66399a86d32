import { once } from 'node:events'
import {
  Agent as PlainAgent,
  request as plainRequest,
  type ClientRequest,
  type IncomingMessage
} from 'node:http'
import { Agent as SecureAgent, request as secureRequest } from 'node:https'
import type { ClientOptions } from '../../net/tls/peers.ts'
import type { HttpRequest } from './http-request.ts'

/** Code of the error when no connection comes about. */
export const CONNECT_TIMEOUT = 'ERR_CONNECT_TIMEOUT'
/** Code of the error when the answer does not come. */
export const ANSWER_TIMEOUT = 'ERR_ANSWER_TIMEOUT'

export interface UploadOptions {
  /** Longest waits: for a connection, and while nothing moves on it. */
  readonly connectMs: number
  readonly answerMs: number
  readonly tls: (() => ClientOptions) | undefined
}

/**
 * Sends bytes by node:http: a DataNode answers `100 Continue` unasked, which undici takes for a broken peer. Idle
 * connections are kept for gateways that allow it.
 */
export class Uploader {
  readonly #plain = new PlainAgent({ keepAlive: true })
  readonly #secure: SecureAgent
  readonly #options: UploadOptions

  constructor(options: UploadOptions) {
    this.#options = options
    // A resumed session would keep a server trusted that is not any more.
    const sessions = options.tls === undefined ? {} : { maxCachedSessions: 0 }
    this.#secure = new SecureAgent({ keepAlive: true, ...sessions })
  }

  /** Resolves to the final answer, its body not read yet. */
  async send(call: HttpRequest, body: readonly Buffer[]): Promise<IncomingMessage> {
    const size = body.reduce((sum, chunk) => sum + chunk.length, 0)
    const options = {
      method: call.method,
      timeout: this.#options.connectMs,
      headers: { 'content-type': 'application/octet-stream', 'content-length': size }
    }
    const outgoing =
      call.url.protocol === 'https:'
        ? secureRequest(call.url, { ...options, ...this.#options.tls?.(), agent: this.#secure })
        : plainRequest(call.url, { ...options, agent: this.#plain })
    this.#limit(outgoing)
    const answered = once(outgoing, 'response')
    for (const chunk of body) outgoing.write(chunk)
    outgoing.end()
    const [answer] = (await answered) as [IncomingMessage]
    outgoing.on('error', error => answer.destroy(error))
    return answer
  }

  /** Ends idle connections. */
  close(): void {
    this.#plain.destroy()
    this.#secure.destroy()
  }

  #limit(outgoing: ClientRequest): void {
    let connected = false
    outgoing.on('socket', socket => {
      const ready = () => {
        connected = true
        socket.setTimeout(this.#options.answerMs)
      }
      if (socket.connecting) socket.once('connect', ready)
      else ready()
    })
    outgoing.on('timeout', () => {
      const code = connected ? ANSWER_TIMEOUT : CONNECT_TIMEOUT
      outgoing.destroy(Object.assign(new Error('The server does not answer.'), { code }))
    })
  }
}
