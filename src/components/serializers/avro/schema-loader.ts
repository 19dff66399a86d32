import type { Environment } from '../../../core/contracts.ts'
import { AgentError } from '../../../core/errors.ts'
import { openFileSystem } from '../../../fs/open.ts'
import { parseSchema } from '../../../wire/avro/avro-schema.ts'

const MAX_SCHEMA_BYTES = 1024 * 1024
const TIMEOUT_MS = 20_000

/** Fetches schemas by URL, each once; they are checked. Rejects with ERR_BAD_EVENT for what is not a schema. */
export class SchemaLoader {
  readonly #environment: Environment
  readonly #loaded = new Map<string, Promise<string>>()

  constructor(environment: Environment) {
    this.#environment = environment
  }

  /** The schema's JSON text without white space. `hdfs:` means the default store, as in Flume. */
  async load(url: string): Promise<string> {
    const known = this.#loaded.get(url)
    if (known !== undefined) return await known
    const loading = this.#fetch(url)
    this.#loaded.set(url, loading)
    loading.catch(() => this.#loaded.delete(url)) // the next event tries again
    return await loading
  }

  async #fetch(url: string): Promise<string> {
    const bytes = /^https?:/i.test(url) ? fetchHttp(url) : this.#readFile(url)
    const chunks: Buffer[] = []
    let size = 0
    for await (const chunk of bytes) {
      size += chunk.length
      if (size > MAX_SCHEMA_BYTES)
        throw new AgentError('ERR_BAD_EVENT', 'An Avro schema is larger than 1 MiB.', { url })
      chunks.push(chunk)
    }
    return checkedSchema(Buffer.concat(chunks).toString())
  }

  async *#readFile(url: string): AsyncGenerator<Buffer, undefined> {
    const place = url.replace(/^hdfs:(?:\/\/[^/]*)?(?=\/)/i, '')
    const { fileSystem, path } = await openFileSystem(place, {
      environment: this.#environment,
      timeoutMs: TIMEOUT_MS
    })
    try {
      yield* fileSystem.read(path)
    } finally {
      await fileSystem.close()
    }
    return undefined
  }
}

/** The text without white space; throws ERR_BAD_EVENT when it is no schema. */
export function checkedSchema(json: string): string {
  try {
    parseSchema(json)
    return JSON.stringify(JSON.parse(json))
  } catch (error) {
    throw new AgentError('ERR_BAD_EVENT', 'An event names something that is not an Avro schema.', {}, error)
  }
}

async function* fetchHttp(url: string): AsyncGenerator<Buffer, undefined> {
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) })
  if (!response.ok || response.body === null) {
    throw new AgentError('ERR_DELIVERY', 'An Avro schema could not be fetched.', {
      url,
      status: response.status
    })
  }
  for await (const chunk of response.body) yield Buffer.from(chunk)
  return undefined
}
