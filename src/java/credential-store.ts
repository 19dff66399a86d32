import { isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AgentError } from '../core/errors.ts'
import { openKeyStore, type KeyStore } from './key-store.ts'
import { readPasswordFile, readStoreFile } from './secret-file.ts'

/** What protects a store when nobody says otherwise: Hadoop's word. */
const NO_PASSWORD = 'none'

export interface CredentialStores {
  /** `hadoop.security.credential.provider.path`: URIs such as `jceks://file/etc/flume/passwords.jceks`, by commas. */
  readonly providers: string
  /** `hadoop.security.credstore.java-keystore-provider.password-file`, a path, or a name in the folder of `--conf`. */
  readonly passwordFile: string | undefined
  readonly configDirectory: string | undefined
  readonly variables: Readonly<Record<string, string | undefined>>
}

/**
 * Opens the credential stores of Hadoop (`hadoop credential create`) and gives a function for the password of an alias,
 * undefined when none of them has it. Each password asked for takes about 0.1 s. Throws ERR_CONFIG for what cannot be read,
 * ERR_UNSUPPORTED for stores that are not files of this machine.
 */
export function openCredentialStores(stores: CredentialStores): (alias: string) => string | undefined {
  const uris = stores.providers.split(',').map(uri => uri.trim())
  const password = passwordOf(stores)
  const opened = uris.filter(uri => uri !== '').map(uri => openStore(uri, password))
  return alias => {
    for (const store of opened) {
      const found = store.secretKey(alias, password)
      if (found !== undefined) return found.toString('utf8')
    }
    return undefined
  }
}

function passwordOf({ passwordFile, configDirectory, variables }: CredentialStores): string {
  const given = variables['HADOOP_CREDSTORE_PASSWORD']
  if (given !== undefined) return given
  if (passwordFile === undefined) return NO_PASSWORD
  return readPasswordFile(
    isAbsolute(passwordFile) ? passwordFile : join(configDirectory ?? '.', passwordFile)
  )
}

function openStore(uri: string, password: string): KeyStore {
  const path = pathOf(uri)
  try {
    return openKeyStore(readStoreFile(path), password)
  } catch (error) {
    if (!(error instanceof AgentError)) throw error
    throw new AgentError(error.code, `${path}: ${error.message}`, { ...error.facts, uri }, error)
  }
}

/** `jceks://file/x` and `localjceks://file/x` are the file `/x`. */
function pathOf(uri: string): string {
  const [, path] = /^(?:local)?jceks:\/\/file(\/.+)$/i.exec(uri) ?? []
  if (path !== undefined && URL.canParse(`file://${path}`)) return fileURLToPath(`file://${path}`)
  throw new AgentError(
    'ERR_UNSUPPORTED',
    `${uri} is no store in a file of this machine, such as jceks://file/etc/flume/passwords.jceks`,
    { uri }
  )
}
