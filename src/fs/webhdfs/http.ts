import type { IncomingHttpHeaders } from 'node:http'
import { Agent, buildConnector, request } from 'undici'
import { AgentError, messageOf, systemCode } from '../../core/errors.ts'
import { fileError } from '../file-errors.ts'
import type { HttpRequest } from './http-request.ts'
import { KERBEROS } from './kerberos.ts'
import { errorOfAnswer } from './remote-exception.ts'
import type { WebHdfsSettings } from './settings.ts'
import { ANSWER_TIMEOUT, CONNECT_TIMEOUT, Uploader } from './upload.ts'

/** Errors of the phase in which nothing was sent yet. */
const BEFORE_SENDING: readonly string[] = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'UND_ERR_CONNECT_TIMEOUT',
  CONNECT_TIMEOUT,
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_HAS_EXPIRED',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'ERR_SSL_WRONG_VERSION_NUMBER'
]
const TIMEOUTS: readonly string[] = ['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', ANSWER_TIMEOUT]
/** Where the system's own sentence says little. */
const SENTENCES: Readonly<Record<string, string>> = {
  ERR_SSL_WRONG_VERSION_NUMBER: 'What answers there does not speak TLS; webhdfs: does without.'
}
/** Of an answer whose first bytes are not those of HTTP; there is no code for it. */
const NO_HTTP = /Expected HTTP\//
const CONNECT_TIMEOUT_MS = 5_000
const MAX_ANSWER_BYTES = 16 * 1024 * 1024
const MAX_ERROR_BYTES = 64 * 1024

/** An answer whose status is below 400. */
export interface HttpAnswer {
  /** Target of a redirect. */
  readonly location: URL | undefined
  /** The body in pieces, as they come. */
  readonly body: AsyncIterable<Buffer>
}

/** What the client is told; of NameNodes that cannot be reached more is known than the system's error. */
export type HttpSettings = Pick<WebHdfsSettings, 'timeoutMs' | 'nameNodes' | 'unreachable' | 'tls'>

interface RawAnswer {
  readonly statusCode: number
  readonly headers: IncomingHttpHeaders
  readonly body: AsyncIterable<Buffer>
}

/** HTTP with kept-alive connections, bounded waits and bounded answers. URLs carry secrets: errors name hosts only. */
export class HttpClient {
  readonly #agent: Agent
  readonly #uploader: Uploader
  readonly #settings: HttpSettings

  constructor(settings: HttpSettings) {
    const { timeoutMs, tls } = settings
    const connectMs = Math.min(CONNECT_TIMEOUT_MS, timeoutMs)
    this.#settings = settings
    this.#agent = new Agent({
      connect: tls === undefined ? { timeout: connectMs } : connectorBy(tls, connectMs),
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs
    })
    this.#uploader = new Uploader({ connectMs, answerMs: timeoutMs, tls })
  }

  /** Rejects on a status of 400 and more; isNotApplied() tells of an error that nothing happened. */
  async open(call: HttpRequest): Promise<HttpAnswer> {
    return await this.#checked(
      call,
      async () => await request(call.url, { dispatcher: this.#agent, method: call.method })
    )
  }

  /** Sends bytes; resolves once the server confirmed all of them. */
  async upload(call: HttpRequest, bytes: readonly Buffer[]): Promise<void> {
    const answer = await this.#checked(call, async () => {
      const message = await this.#uploader.send(call, bytes)
      return { statusCode: message.statusCode ?? 0, headers: message.headers, body: message }
    })
    await this.text(call, answer)
    if (answer.location !== undefined) {
      throw fileError('other', call.path, 'The server redirects twice.', {
        server: call.url.host,
        notApplied: true
      })
    }
  }

  /** The whole body as text. */
  async text(call: HttpRequest, answer: Pick<HttpAnswer, 'body'>): Promise<string> {
    const { text, whole } = await readText(this.#guarded(call, answer.body), MAX_ANSWER_BYTES)
    if (whole) return text
    throw fileError('other', call.path, 'The answer is too large.', {
      server: call.url.host,
      maxBytes: MAX_ANSWER_BYTES
    })
  }

  /** Ends connections once their calls are answered. */
  async close(): Promise<void> {
    this.#uploader.close()
    if (!this.#agent.closed) await this.#agent.close()
  }

  async #checked(call: HttpRequest, send: () => Promise<RawAnswer>): Promise<HttpAnswer> {
    let answer: RawAnswer
    try {
      answer = await send()
    } catch (error) {
      throw this.#failure(error, call)
    }
    const body = this.#guarded(call, answer.body)
    if (answer.statusCode < 400) return { location: locationOf(answer, call), body }
    const { text } = await readText(body, MAX_ERROR_BYTES)
    if (text.includes('Hadoop IPC port')) throw noHttp(call)
    if (wantsKerberos(answer)) throw kerberosError(call)
    throw errorOfAnswer(answer.statusCode, text, call.path, { server: call.url.host })
  }

  async *#guarded(call: HttpRequest, body: AsyncIterable<Buffer>): AsyncGenerator<Buffer, undefined> {
    try {
      for await (const piece of body) yield piece
    } catch (error) {
      throw this.#failure(error, call)
    }
    return undefined
  }

  #failure(error: unknown, call: HttpRequest): AgentError {
    if (error instanceof AgentError) return error
    const code = systemCode(error) ?? ''
    const server = call.url.host
    if (TIMEOUTS.includes(code)) {
      const facts = { path: call.path, kind: 'unreachable', server, timeoutMs: this.#settings.timeoutMs }
      return new AgentError('ERR_TIMEOUT', 'The file system did not answer in time.', facts, error)
    }
    if (NO_HTTP.test(messageOf(error)) && this.#isNameNode(call.url)) return noHttp(call, error)
    const notApplied = BEFORE_SENDING.includes(code) ? { notApplied: true } : {}
    const reason = SENTENCES[code] ?? (messageOf(error) || code)
    const more = this.#isNameNode(call.url) ? this.#settings.unreachable?.(reason, code) : undefined
    const facts = { server, ...more, ...notApplied, cause: error }
    return fileError('unreachable', call.path, more?.reason ?? reason, facts)
  }

  #isNameNode({ origin }: URL): boolean {
    return this.#settings.nameNodes.some(address => new URL(address).origin === origin)
  }
}

/** Connects by TLS as it is to be spoken at that moment. */
function connectorBy(tls: NonNullable<HttpSettings['tls']>, timeout: number): buildConnector.connector {
  return (options, callback) => buildConnector({ ...tls(), timeout })(options, callback)
}

/** A NameNode that is called at the port of its native protocol. */
function noHttp({ path, url }: HttpRequest, cause?: unknown): AgentError {
  const reason = `What answers at ${url.host} does not speak HTTP: it looks like the RPC port of a NameNode.`
  return fileError('unreachable', path, reason, {
    server: url.host,
    cause,
    hint: `Write hdfs://${url.host}, or the port of the web interface: webhdfs://${url.hostname}:9870, of Hadoop 2 webhdfs://${url.hostname}:50070. A port that wants TLS is reached by swebhdfs:.`
  })
}

function wantsKerberos({ statusCode, headers }: RawAnswer): boolean {
  return statusCode === 401 && /^Negotiate\b/i.test(headers['www-authenticate'] ?? '')
}

function kerberosError({ path, url }: HttpRequest): AgentError {
  const { sentence, hint } = KERBEROS
  return fileError('denied', path, sentence, { server: url.host, status: 401, notApplied: true, hint })
}

async function readText(
  body: AsyncIterable<Buffer>,
  max: number
): Promise<{ readonly text: string; readonly whole: boolean }> {
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of body) {
    size += piece.length
    if (size > max) break
    pieces.push(piece)
  }
  return { text: Buffer.concat(pieces).toString('utf8'), whole: size <= max }
}

/** Whether the failed call certainly changed nothing. */
export function isNotApplied(error: unknown): boolean {
  return error instanceof AgentError && error.facts['notApplied'] === true
}

function locationOf(answer: RawAnswer, call: HttpRequest): URL | undefined {
  const header = answer.headers['location']
  if (answer.statusCode < 300 || header === undefined) return undefined
  const location = URL.canParse(header, call.url) ? new URL(header, call.url) : undefined
  if (location !== undefined && /^https?:$/.test(location.protocol)) return location
  throw fileError('other', call.path, 'The server redirects to an address that cannot be used.', {
    server: call.url.host
  })
}
