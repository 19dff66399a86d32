import { AgentError } from '../../core/errors.ts'
import { fileError } from '../file-errors.ts'
import { HttpClient, isNotApplied, type HttpAnswer } from './http.ts'
import type { HttpRequest, Method } from './http-request.ts'
import { isObject, isStandby } from './remote-exception.ts'
import type { WebHdfsSettings } from './settings.ts'

/** One WebHDFS operation on one path. */
export interface Operation {
  readonly method: Method
  readonly op: string
  readonly path: string
  readonly parameters?: Readonly<Record<string, string | number | boolean>>
  /** Whether it may be sent again when it is not known if it arrived. */
  readonly repeatable: boolean
}

const MOST_DATA_NODES = 4

/** Asks the active one of the NameNodes, and the DataNodes they redirect to. */
export class NameNodes {
  readonly #settings: WebHdfsSettings
  readonly #http: HttpClient
  #active = 0

  constructor(settings: WebHdfsSettings) {
    this.#settings = settings
    this.#http = new HttpClient(settings)
  }

  /** The answer as JSON; an empty object when there is none. */
  async call(operation: Operation): Promise<Readonly<Record<string, unknown>>> {
    const text = await this.#ask(
      operation,
      async call => await this.#http.text(call, await this.#http.open(call))
    )
    if (text.trim() === '') return {}
    try {
      const parsed: unknown = JSON.parse(text)
      if (isObject(parsed)) return parsed
    } catch (error) {
      throw fileError('other', operation.path, 'The answer is not JSON.', { op: operation.op, cause: error })
    }
    throw fileError('other', operation.path, 'The answer is not a JSON object.', { op: operation.op })
  }

  /** CREATE or APPEND: asks where to, then sends the bytes there, to another DataNode where one cannot be reached. */
  async sendData(operation: Operation, body: readonly Buffer[]): Promise<void> {
    await this.#withDataNode(operation, async ({ location }) => {
      if (location === undefined)
        throw fileError('other', operation.path, 'The server did not redirect.', { op: operation.op })
      await this.#http.upload({ method: operation.method, url: location, path: operation.path }, body)
    })
  }

  /** OPEN: the bytes in pieces. A gateway such as HttpFS answers itself. */
  async readData(operation: Operation): Promise<AsyncIterable<Buffer>> {
    return await this.#withDataNode(operation, async ({ location, body }) => {
      if (location === undefined) return body
      return (await this.#http.open({ method: operation.method, url: location, path: operation.path })).body
    })
  }

  /** Ends idle connections. */
  async close(): Promise<void> {
    await this.#http.close()
  }

  async #withDataNode<T>(operation: Operation, task: (located: HttpAnswer) => Promise<T>): Promise<T> {
    const unreachable = new Set<string>()
    for (let tried = 1; ; tried++) {
      const excluded = unreachable.size === 0 ? {} : { excludedatanodes: [...unreachable].join(',') }
      const located = await this.#locate(
        { ...operation, parameters: { ...operation.parameters, ...excluded } },
        unreachable
      )
      try {
        return await task(located)
      } catch (error) {
        if (!isUnreachableHost(error) || tried >= MOST_DATA_NODES) throw error
        unreachable.add(located.location?.hostname ?? '')
      }
    }
  }

  /** Where the data go or come from. The question itself changes nothing, so it may be repeated. */
  async #locate(operation: Operation, unreachable: ReadonlySet<string>): Promise<HttpAnswer> {
    try {
      return await this.#ask({ ...operation, repeatable: true }, async call => {
        const answer = await this.#http.open(call)
        // A redirect's body is read so that the connection can be used again.
        if (answer.location !== undefined) await this.#http.text(call, answer)
        return answer
      })
    } catch (error) {
      throw unreachable.size === 0 ? withNotApplied(error) : dataNodesAway(operation, unreachable, error)
    }
  }

  /** Tries each NameNode, the last good one first, until one feels responsible. */
  async #ask<T>(operation: Operation, task: (call: HttpRequest) => Promise<T>): Promise<T> {
    const { nameNodes } = this.#settings
    const first = this.#active
    for (let tried = 1; ; tried++) {
      const index = (first + tried - 1) % nameNodes.length
      try {
        const answer = await this.#askOne(nameNodes[index] ?? '', operation, task)
        this.#active = index
        return answer
      } catch (error) {
        if (tried >= nameNodes.length || !mayAskAnother(error, operation)) throw error
      }
    }
  }

  /** A kept-alive connection may have been closed under the request: where harmless, that is tried once more. */
  async #askOne<T>(
    nameNode: string,
    operation: Operation,
    task: (call: HttpRequest) => Promise<T>
  ): Promise<T> {
    const call = { method: operation.method, url: this.#address(nameNode, operation), path: operation.path }
    try {
      return await task(call)
    } catch (error) {
      if (!operation.repeatable || !isLostConnection(error)) throw error
      return await task(call)
    }
  }

  #address(nameNode: string, operation: Operation): URL {
    const path = operation.path.toWellFormed().split('/').map(encodeURIComponent).join('/')
    const url = new URL(`${nameNode}/webhdfs/v1${path}`)
    url.searchParams.set('op', operation.op)
    for (const [name, value] of Object.entries({ ...this.#settings.identity, ...operation.parameters })) {
      url.searchParams.set(name, String(value))
    }
    return url
  }
}

function mayAskAnother(error: unknown, operation: Operation): boolean {
  if (!(error instanceof AgentError)) return false
  if (isStandby(error)) return true
  return error.facts['kind'] === 'unreachable' && (operation.repeatable || isNotApplied(error))
}

function isUnreachableHost(error: unknown): boolean {
  return (
    error instanceof AgentError &&
    error.facts['kind'] === 'unreachable' &&
    isNotApplied(error) &&
    error.facts['status'] === undefined
  )
}

function isLostConnection(error: unknown): boolean {
  return (
    error instanceof AgentError &&
    error.code === 'ERR_FILE_SYSTEM' &&
    error.facts['kind'] === 'unreachable' &&
    error.facts['status'] === undefined &&
    !isNotApplied(error)
  )
}

function withNotApplied(error: unknown): unknown {
  return error instanceof AgentError
    ? new AgentError(error.code, error.message, { ...error.facts, notApplied: true }, error.cause)
    : error
}

function dataNodesAway(operation: Operation, unreachable: ReadonlySet<string>, cause: unknown): AgentError {
  return fileError('unreachable', operation.path, 'No DataNode that the NameNode names can be reached.', {
    op: operation.op,
    dataNodes: [...unreachable],
    notApplied: true,
    cause,
    hint: 'The names that DataNodes register with must be known here; HttpFS needs only its own.'
  })
}
