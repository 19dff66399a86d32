import { AgentError } from '../core/errors.ts'
import type { StoredEntries, StoredEntry } from './key-stores/entries.ts'
import { JCEKS_MAGIC, JKS_MAGIC, readJks } from './key-stores/jks-store.ts'
import { readPkcs12 } from './key-stores/pkcs12-store.ts'

const SEQUENCE = 0x30

/** A private key and the certificates that go with it. */
export interface PrivateKeyEntry {
  /** PKCS#8 in DER. */
  readonly key: Buffer
  /** X.509 in DER, the key's own first. */
  readonly chain: readonly Buffer[]
}

/** Keys and certificates by alias; upper and lower case of an alias do not differ, as in Java. */
export interface KeyStore {
  readonly format: 'JCEKS' | 'JKS' | 'PKCS12'
  /** As written in the file, in its order. */
  readonly aliases: readonly string[]
  /** What an alias stands for, undefined without such an alias. */
  kind(alias: string): StoredEntry['kind'] | undefined
  /**
   * The bytes of a secret key, undefined without such an alias. Takes about 0.1 s (the stores make it slow on purpose).
   * Throws ERR_CONFIG when the password is wrong or the entry is no secret key.
   */
  secretKey(alias: string, keyPassword: string): Buffer | undefined
  /** A private key, undefined without such an alias. Throws ERR_CONFIG as secretKey does. */
  privateKey(alias: string, keyPassword: string): PrivateKeyEntry | undefined
  /** A trusted certificate or the first one of a private key, X.509 in DER; undefined without any. */
  certificate(alias: string): Buffer | undefined
}

/**
 * Opens a JCEKS, JKS or PKCS #12 key store; its bytes say which, as Java does it. Without a password nothing is checked,
 * and what the store's password encrypts (certificates in PKCS #12) is left out. Memory is bounded by the size of the file.
 * Throws ERR_CONFIG for a wrong password, ERR_FORMAT for bytes that are no key store, ERR_UNSUPPORTED for old ciphers.
 */
export function openKeyStore(bytes: Buffer, storePassword: string | undefined): KeyStore {
  const { format, entries } = readEntries(bytes, storePassword)
  const byName = new Map([...entries].map(([alias, entry]) => [alias.toLowerCase(), entry]))
  const find = (alias: string): StoredEntry | undefined => byName.get(alias.toLowerCase())
  return {
    format,
    aliases: [...entries.keys()],
    kind: alias => find(alias)?.kind,
    secretKey: (alias, keyPassword) => {
      const entry = find(alias)
      if (entry !== undefined && entry.kind !== 'secret') throw otherKind(alias, format, 'secret key')
      return entry?.open(keyPassword)
    },
    privateKey: (alias, keyPassword) => {
      const entry = find(alias)
      if (entry === undefined) return undefined
      if (entry.kind !== 'private') throw otherKind(alias, format, 'private key')
      return { key: entry.open(keyPassword), chain: entry.chain }
    },
    certificate: alias => {
      const entry = find(alias)
      if (entry?.kind === 'certificate') return entry.certificate
      return entry?.kind === 'private' ? entry.chain[0] : undefined
    }
  }
}

function readEntries(bytes: Buffer, storePassword: string | undefined): StoredEntries {
  const magic = bytes.length < 4 ? 0 : bytes.readUInt32BE(0)
  if (magic === JKS_MAGIC || magic === JCEKS_MAGIC) return readJks(bytes, storePassword)
  if (bytes[0] === SEQUENCE) return readPkcs12(bytes, storePassword)
  throw new AgentError('ERR_FORMAT', 'The file is not a key store: it is neither JCEKS, JKS nor PKCS #12.', {
    bytes: bytes.length
  })
}

function otherKind(alias: string, format: string, wanted: string): AgentError {
  const hint =
    format === 'JKS' && wanted === 'secret key'
      ? ' A JKS store cannot hold secret keys; use JCEKS or PKCS #12.'
      : ''
  return new AgentError('ERR_CONFIG', `The entry is not a ${wanted}.${hint}`, { alias, format })
}
