import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TlsOptions } from 'node:tls'

/** A request in the hands of a fault: `store` does what a working server would have done with these bytes. */
export interface Exchange {
  readonly url: URL
  readonly response: ServerResponse
  readonly bytes: Buffer
  store(bytes: Buffer): void
  /** The same, but the file is not given back: see `held`. */
  hold(bytes: Buffer): void
}

const HELD = 'Failed to APPEND_FILE because this file lease is currently owned by DFSClient_NONMAPREDUCE_1'

/** Which request goes wrong: `CREATE` and `APPEND` are asked at the NameNode, `… data` goes to the DataNode. */
export type Fault = (exchange: Exchange) => void

/**
 * A NameNode and DataNode that speak just enough WebHDFS to fail in every way that a real one cannot be made to: one
 * flat set of files, and per operation a queue of faults, each used once.
 */
export class FakeWebHdfs implements AsyncDisposable {
  readonly files = new Map<string, Buffer>()
  /** What readers see of files that a broken append holds; their length is still the old one. */
  readonly held = new Map<string, Buffer>()
  /** `OP path` of every request, in order; `OP data path` for those to the DataNode. */
  readonly requests: string[] = []
  /** Whole query of the last request. */
  lastQuery = new URLSearchParams()
  readonly #faults = new Map<string, Fault[]>()
  readonly #lasting = new Map<string, Fault>()
  readonly #server: Server

  readonly #protocol: 'http' | 'https'

  private constructor(tls: TlsOptions | undefined) {
    const serve = (request: IncomingMessage, response: ServerResponse) => {
      void this.#serve(request, response)
    }
    this.#protocol = tls === undefined ? 'http' : 'https'
    this.#server = tls === undefined ? createServer(serve) : createSecureServer(tls, serve)
  }

  /** Listens on a free port; with a certificate it speaks TLS. */
  static async start(tls?: TlsOptions): Promise<FakeWebHdfs> {
    const fake = new FakeWebHdfs(tls)
    fake.#server.listen(0, '127.0.0.1')
    await once(fake.#server, 'listening')
    return fake
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** The lease of a broken append has ended: what readers saw of it stays. */
  recover(path: string): void {
    this.files.set(path, this.held.get(path) ?? Buffer.alloc(0))
    this.held.delete(path)
  }

  /** The next requests of `operation` meet these faults, one each. */
  fail(operation: string, ...faults: readonly Fault[]): void {
    this.#faults.set(operation, [...(this.#faults.get(operation) ?? []), ...faults])
  }

  /** Every request of `operation` meets this fault from now on; without one, none does. */
  failFor(operation: string, fault?: Fault): void {
    this.#faults.delete(operation)
    if (fault === undefined) this.#lasting.delete(operation)
    else this.#lasting.set(operation, fault)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', `${this.#protocol}://${this.address}`)
    const path = decodeURIComponent(url.pathname.slice('/webhdfs/v1'.length))
    const operation = `${url.searchParams.get('op')}${url.searchParams.has('data') ? ' data' : ''}`
    const bytes = Buffer.concat(await Array.fromAsync<Buffer>(request))
    this.requests.push(`${operation} ${path}`)
    this.lastQuery = url.searchParams
    const appended = (some: Buffer) => Buffer.concat([this.files.get(path) ?? Buffer.alloc(0), some])
    const store = (some: Buffer) => this.files.set(path, appended(some))
    const hold = (some: Buffer) => this.held.set(path, appended(some))
    if (operation === 'APPEND data' && this.held.has(path))
      return answerException(response, 403, 'AlreadyBeingCreatedException', HELD)
    const fault = this.#faults.get(operation)?.shift() ?? this.#lasting.get(operation)
    if (fault !== undefined) return fault({ url, response, bytes, store, hold })
    this.#answer(operation, path, { url, response, bytes, store, hold })
  }

  #answer(operation: string, path: string, { url, response, bytes, store }: Exchange): void {
    const found = this.files.get(path)
    const offset = Number(url.searchParams.get('offset') ?? 0)
    switch (operation) {
      case 'CREATE':
      case 'APPEND':
      case 'OPEN':
        if (operation !== 'CREATE' && found === undefined) return missing(response)
        if (operation === 'OPEN' && offset > 0 && offset >= (found?.length ?? 0))
          return answerException(response, 403, 'IOException', `Offset=${offset} out of the range`)
        url.searchParams.set('data', 'true')
        response.writeHead(307, { location: url.href }).end()
        return
      case 'CREATE data':
        if (found !== undefined)
          return answerException(response, 403, 'FileAlreadyExistsException', 'It exists.')
        store(bytes)
        response.writeHead(201).end()
        return
      case 'APPEND data':
        store(bytes)
        response.writeHead(200).end()
        return
      case 'OPEN data':
        return void response.end((this.held.get(path) ?? found)?.subarray(offset))
      case 'RENAME':
        return this.#rename(path, url.searchParams.get('destination') ?? '', response)
      case 'DELETE':
        return answerJson(response, { boolean: this.files.delete(path) })
      case 'GETFILESTATUS':
        if (found === undefined) return missing(response)
        return answerJson(response, {
          FileStatus: { type: 'FILE', length: found.length, permission: '644', replication: 1 }
        })
      default:
        answerException(
          response,
          400,
          'IllegalArgumentException',
          `Invalid value for webhdfs parameter "op": ${operation}`
        )
    }
  }

  #rename(from: string, to: string, response: ServerResponse): void {
    const bytes = this.files.get(from)
    const possible = bytes !== undefined && !this.files.has(to)
    if (possible) {
      this.files.set(to, bytes)
      this.files.delete(from)
    }
    answerJson(response, { boolean: possible })
  }
}

/** Answers with Hadoop's JSON for an exception. */
export function remoteException(status: number, exception: string, message = exception): Fault {
  return ({ response }) => {
    answerException(response, status, exception, message)
  }
}

/** Takes `count` bytes (all when not given) and breaks the connection without an answer. */
export function storeAndBreak(count = Infinity): Fault {
  return ({ store, bytes, response }) => {
    store(bytes.subarray(0, count))
    response.destroy()
  }
}

/** Takes `count` bytes (all when not given), then says that the append cannot be completed: the file stays held. */
export function storeAndHold(count = Infinity): Fault {
  return ({ hold, bytes, response }) => {
    hold(bytes.subarray(0, count))
    const message = 'Cannot complete file /file. Name node is in safe mode.'
    answerException(response, 403, 'SafeModeException', message)
  }
}

/** Breaks the connection; nothing happened. */
export const breakConnection: Fault = ({ response }) => {
  response.destroy()
}

/** Never answers. */
export const silence: Fault = () => undefined

/** Sends the client to another address. */
export function redirectTo(location: string): Fault {
  return ({ response }) => {
    response.writeHead(307, { location }).end()
  }
}

/** Answers any status and text. */
export function answerWith(status: number, text: string): Fault {
  return ({ response }) => {
    response.writeHead(status).end(text)
  }
}

function answerJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}

function answerException(response: ServerResponse, status: number, exception: string, message: string): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(
    JSON.stringify({ RemoteException: { exception, javaClassName: `org.example.${exception}`, message } })
  )
}

function missing(response: ServerResponse): void {
  answerException(response, 404, 'FileNotFoundException', 'File does not exist.')
}
