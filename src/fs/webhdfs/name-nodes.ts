import { AgentError } from '../../core/errors.ts'
import { fileError } from '../file-errors.ts'
import { HttpClient, isNotApplied, type HttpAnswer } from './http.ts'
import type { HttpRequest, Method } from './http-request.ts'
import { Patience } from './patience.ts'
import { afterData, isObject, isRetriable, isStandby } from './remote-exception.ts'
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

/** Who answered, and what. */
interface Answered<T> {
  readonly answer: T
  /** Index of the NameNode. */
  readonly nameNode: number
}

const MOST_DATA_NODES = 4
/** Longest wait for a NameNode to become active. */
const FAILOVER_MS = 10_000

/**
 * Asks the active one of the NameNodes, and the DataNodes they redirect to. Whoever says that a NameNode stands by,
 * itself, a DataNode or a gateway: another one is asked, and while a failover is under way they all are asked again.
 */
export class NameNodes {
  readonly #settings: WebHdfsSettings
  readonly #http: HttpClient
  readonly #ending = new AbortController()
  #active = 0

  constructor(settings: WebHdfsSettings) {
    this.#settings = settings
    this.#http = new HttpClient(settings)
  }

  /** The answer as JSON; an empty object when there is none. */
  async call(operation: Operation): Promise<Readonly<Record<string, unknown>>> {
    const { answer: text } = await this.#ask(
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

  /**
   * CREATE or APPEND: asks where to, then sends the bytes there, to another DataNode where one cannot be reached. After
   * a rejection isNotApplied() tells whether certainly nothing arrived.
   */
  async sendData(operation: Operation, body: readonly Buffer[]): Promise<void> {
    const anew = { ...operation, repeatable: operation.repeatable || body.length === 0 }
    await this.#withDataNode(anew, async ({ location }) => {
      if (location === undefined)
        throw fileError('other', operation.path, 'The server did not redirect.', { op: operation.op })
      try {
        await this.#http.upload({ method: operation.method, url: location, path: operation.path }, body)
      } catch (error) {
        throw afterData(error)
      }
    })
  }

  /** OPEN: the bytes in pieces. A gateway such as HttpFS answers itself. */
  async readData(operation: Operation): Promise<AsyncIterable<Buffer>> {
    return await this.#withDataNode(operation, async ({ location, body }) => {
      if (location === undefined) return body
      return (await this.#http.open({ method: operation.method, url: location, path: operation.path })).body
    })
  }

  /** Ends idle connections, and waits for NameNodes. */
  async close(): Promise<void> {
    this.#ending.abort()
    await this.#http.close()
  }

  async #withDataNode<T>(operation: Operation, task: (located: HttpAnswer) => Promise<T>): Promise<T> {
    const unreachable = new Set<string>()
    const patience = this.#patience()
    for (let standby = 0; ;) {
      const excluded = unreachable.size === 0 ? {} : { excludedatanodes: [...unreachable].join(',') }
      const asked = { ...operation, parameters: { ...operation.parameters, ...excluded } }
      const { answer, nameNode } = await this.#locate(asked, unreachable)
      try {
        return await task(answer)
      } catch (error) {
        if (error instanceof AgentError && isStandby(error)) {
          this.#active = this.#after(nameNode)
          const round = ++standby % this.#settings.nameNodes.length === 0
          if (!operation.repeatable || (round && !(await this.#mayAskAgain(error, patience)))) throw error
        } else {
          if (!isUnreachableHost(error) || unreachable.size + 1 >= MOST_DATA_NODES) throw error
          unreachable.add(answer.location?.hostname ?? '')
        }
      }
    }
  }

  /** Where the data go or come from. The question itself changes nothing, so it may be repeated. */
  async #locate(operation: Operation, unreachable: ReadonlySet<string>): Promise<Answered<HttpAnswer>> {
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

  /** Asks until one of the NameNodes feels responsible, or they have not become active in time. */
  async #ask<T>(operation: Operation, task: (call: HttpRequest) => Promise<T>): Promise<Answered<T>> {
    const patience = this.#patience()
    for (;;) {
      const outcome = await this.#askEach(operation, task)
      if (!(outcome instanceof AgentError)) return outcome
      if (!(await this.#mayAskAgain(outcome, patience))) throw outcome
    }
  }

  /** Tries each NameNode, the last good one first. Resolves to an error where none is active; rejects with others. */
  async #askEach<T>(
    operation: Operation,
    task: (call: HttpRequest) => Promise<T>
  ): Promise<Answered<T> | AgentError> {
    const { nameNodes } = this.#settings
    let standby: AgentError | undefined
    let nameNode = this.#active
    for (let left = nameNodes.length - 1; ; left--, nameNode = this.#after(nameNode)) {
      try {
        const answer = await this.#askOne(nameNodes[nameNode] ?? '', operation, task)
        this.#active = nameNode
        return { answer, nameNode }
      } catch (error) {
        if (error instanceof AgentError && isStandby(error)) standby = error
        else if (!mayAskAnother(error, operation)) {
          if (isAnswer(error)) this.#active = nameNode
          throw error
        }
        if (left > 0) continue
        if (standby === undefined) throw error
        return standby
      }
    }
  }

  #after(nameNode: number): number {
    return (nameNode + 1) % this.#settings.nameNodes.length
  }

  #patience(): Patience {
    const { clock, timeoutMs } = this.#settings
    return new Patience(clock, Math.min(timeoutMs, FAILOVER_MS), this.#ending.signal)
  }

  /** A failover takes its time; a NameNode that has nobody to take its place stands by for good. */
  async #mayAskAgain(error: AgentError, patience: Patience): Promise<boolean> {
    if (this.#settings.nameNodes.length === 1 && !isRetriable(error)) return false
    return await patience.pause()
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
  return error.facts['kind'] === 'unreachable' && (operation.repeatable || isNotApplied(error))
}

/** Whether a NameNode said so itself, as one does that is active. */
function isAnswer(error: unknown): boolean {
  return (
    error instanceof AgentError &&
    error.facts['status'] !== undefined &&
    error.facts['kind'] !== 'unreachable'
  )
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
