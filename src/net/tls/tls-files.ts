import { createHash, X509Certificate } from 'node:crypto'
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls'
import type { Clock, Log } from '../../core/contracts.ts'
import { AgentError, messageOf } from '../../core/errors.ts'
import { readPlainFile } from '../../core/plain-file.ts'
import { identitiesOf, trustedOf, type Identity, type StoreBytes } from './store-file.ts'
import type { StoreFile, TlsOptions } from './tls-options.ts'
import { versionsOf } from './versions.ts'

/** Files are looked at when somebody connects, and then not again for so long; Hadoop's interval, too. */
const LOOK_EVERY_MS = 10_000
const LARGEST_STORE = 16 * 1024 * 1024

export interface TlsTools {
  readonly clock: Pick<Clock, 'monotonic'>
  readonly log?: Pick<Log, 'info' | 'warn'> | undefined
}

/** What new connections use, from files that were the same while they were read. */
export interface TlsMaterial {
  /** For servers: `setSecureContext` takes them. */
  readonly options: SecureContextOptions
  /** The same for clients. */
  readonly context: SecureContext
}

interface Contents {
  readonly keyStore: StoreBytes | undefined
  readonly trustStore: StoreBytes | undefined
  /** Changes with any byte of them. */
  readonly digest: string
}

/**
 * Keys and trusted certificates of files, as they are now: whenever their content has changed, by writing or by an exchanged
 * symbolic link, connections that come later use the new one. Content that cannot be used is said once, and the
 * former one stays. What is connected stays connected.
 */
export class TlsFiles {
  readonly #options: TlsOptions
  readonly #tools: TlsTools
  #material: TlsMaterial
  #digest: string
  #lookedAt: number
  /** Why the last look changed nothing. */
  #trouble: string | undefined

  /** Reads the files. Throws ERR_CONFIG that names the file when one cannot be used. */
  constructor(options: TlsOptions, tools: TlsTools) {
    this.#options = options
    this.#tools = tools
    this.#lookedAt = tools.clock.monotonic()
    const contents = readContents(options)
    this.#digest = contents.digest
    this.#material = materialOf(options, contents)
  }

  /** The same object until the files change. Takes as long as reading them does, at most once in 10 s. */
  get current(): TlsMaterial {
    const now = this.#tools.clock.monotonic()
    if (now - this.#lookedAt >= LOOK_EVERY_MS) {
      this.#lookedAt = now
      this.#look()
    }
    return this.#material
  }

  #look(): void {
    try {
      const contents = readContents(this.#options)
      if (contents.digest !== this.#digest) {
        this.#material = materialOf(this.#options, contents)
        this.#digest = contents.digest
        const { keyStore, trustStore } = this.#options
        const facts = { keyStore: keyStore?.path, trustStore: trustStore?.path, ...validity(this.#material) }
        this.#tools.log?.info('The files for TLS have changed; new connections use them.', facts)
      }
      this.#trouble = undefined
    } catch (error) {
      const reason = messageOf(error)
      if (reason !== this.#trouble)
        this.#tools.log?.warn('The files for TLS cannot be used now; what they held before stays in use.', {
          reason
        })
      this.#trouble = reason
    }
  }
}

function readContents({ keyStore, trustStore }: TlsOptions): Contents {
  const digest = createHash('sha256')
  const read = (file: StoreFile, path: string): Buffer => {
    const bytes = about(file, () => readPlainFile(path, LARGEST_STORE))
    digest.update(`${bytes.length} `).update(bytes)
    return bytes
  }
  const bytesOf = (file: StoreFile | undefined): StoreBytes | undefined =>
    file && {
      store: read(file, file.path),
      key: file.keyPath === undefined ? undefined : read(file, file.keyPath)
    }
  const contents = { keyStore: bytesOf(keyStore), trustStore: bytesOf(trustStore) }
  return { ...contents, digest: digest.digest('hex') }
}

function materialOf(tls: TlsOptions, { keyStore, trustStore }: Contents): TlsMaterial {
  const identities: readonly Identity[] =
    tls.keyStore && keyStore ? about(tls.keyStore, file => identitiesOf(keyStore, file)) : []
  const trusted =
    tls.trustStore && trustStore ? about(tls.trustStore, file => trustedOf(trustStore, file)) : undefined
  const options: SecureContextOptions = {
    ...versionsOf(tls),
    ...(identities.length === 0
      ? {}
      : { key: identities.map(({ key }) => key), cert: identities.map(({ chain }) => chain) }),
    // As in Java, any certificate of a trust store ends a chain, not only one that signed itself.
    ...(trusted === undefined ? {} : { ca: [...trusted], allowPartialTrustChain: true })
  }
  try {
    return { options, context: createSecureContext(options) }
  } catch (error) {
    const path = (tls.keyStore ?? tls.trustStore)?.path
    throw new AgentError('ERR_CONFIG', `TLS cannot be set up: ${messageOf(error)}.`, { path }, error)
  }
}

/** Errors of `task` name the file. */
function about<T>(file: StoreFile, task: (file: StoreFile) => T): T {
  try {
    return task(file)
  } catch (error) {
    const facts = error instanceof AgentError ? error.facts : {}
    const reason = messageOf(error).replace(/\.$/, '')
    const message = `The key or trust store ${file.path} cannot be used: ${reason}.`
    throw new AgentError('ERR_CONFIG', message, { path: file.path, ...facts }, error)
  }
}

function validity({ options }: TlsMaterial): { readonly validUntil?: string } {
  const [chain] = Array.isArray(options.cert) ? options.cert : []
  return chain === undefined ? {} : { validUntil: new X509Certificate(chain).validTo }
}
