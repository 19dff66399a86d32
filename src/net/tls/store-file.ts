import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto'
import { AgentError } from '../../core/errors.ts'
import { openKeyStore } from '../../java/key-store.ts'
import type { StoreFile } from './tls-options.ts'

/** A private key and its certificates, in PEM, the key's own first. */
export interface Identity {
  readonly key: string
  readonly chain: string
}

/** Bytes of the files that a StoreFile names. */
export interface StoreBytes {
  readonly store: Buffer
  readonly key?: Buffer | undefined
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[^]+?-----END \1-----/g
const CERTIFICATES: readonly string[] = ['CERTIFICATE', 'X509 CERTIFICATE']

/**
 * The keys of a store with their certificates, one of each kind of key: what a server shows to clients that want RSA, and
 * to those that want EC. Throws an AgentError when there is none, or when one does not fit its certificate.
 */
export function identitiesOf({ store, key }: StoreBytes, file: StoreFile): readonly Identity[] {
  if (!isPem(store) && file.password === undefined)
    throw new AgentError('ERR_CONFIG', 'Its password is not given.')
  const pairs = isPem(store) ? [pemPair(store, key ?? store, file)] : storedPairs(store, file)
  const byKind = new Map<string | undefined, Identity>()
  for (const { key: secret, chain } of pairs) {
    if (!byKind.has(secret.asymmetricKeyType)) byKind.set(secret.asymmetricKeyType, identity(secret, chain))
  }
  if (byKind.size > 0) return [...byKind.values()]
  throw new AgentError('ERR_CONFIG', 'It holds no private key with a certificate.')
}

/** Certificates that a store says to trust, in PEM; of a private key its own one, as in Java. Throws an AgentError for none. */
export function trustedOf({ store }: StoreBytes, { password }: StoreFile): readonly string[] {
  const certificates = isPem(store) ? pemCertificates(store) : storedCertificates(store, password)
  if (certificates.length > 0) return certificates.map(certificate => certificate.toString())
  throw new AgentError('ERR_CONFIG', 'It holds no certificate that can be read without a password.')
}

interface Pair {
  readonly key: KeyObject
  readonly chain: readonly X509Certificate[]
}

function identity(key: KeyObject, chain: readonly X509Certificate[]): Identity {
  if (chain[0]?.checkPrivateKey(key) !== true)
    throw new AgentError('ERR_CONFIG', 'Its private key does not belong to its first certificate.')
  return {
    key: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    chain: chain.map(certificate => certificate.toString()).join('')
  }
}

function storedPairs(bytes: Buffer, { password, keyPassword }: StoreFile): readonly Pair[] {
  const store = openKeyStore(bytes, password)
  return store.aliases
    .filter(alias => store.kind(alias) === 'private')
    .flatMap(alias => {
      const entry = store.privateKey(alias, keyPassword ?? password ?? '')
      if (entry === undefined || entry.chain.length === 0) return []
      const key = createPrivateKey({ key: entry.key, format: 'der', type: 'pkcs8' })
      return [{ key, chain: entry.chain.map(certificateOf) }]
    })
}

function storedCertificates(bytes: Buffer, password: string | undefined): readonly X509Certificate[] {
  const store = openKeyStore(bytes, password)
  return store.aliases.flatMap(alias => {
    const certificate = store.certificate(alias)
    return certificate === undefined ? [] : [certificateOf(certificate)]
  })
}

function isPem(bytes: Buffer): boolean {
  return bytes.includes('-----BEGIN ')
}

function pemPair(store: Buffer, keys: Buffer, { password, keyPassword }: StoreFile): Pair {
  const block = blocksOf(keys).find(({ label }) => label.endsWith('PRIVATE KEY'))
  if (block === undefined)
    throw new AgentError(
      'ERR_CONFIG',
      'There are certificates, but no private key; it may stand in the same file.'
    )
  const passphrase = keyPassword ?? password
  try {
    const key = createPrivateKey({ key: block.text, ...(passphrase === undefined ? {} : { passphrase }) })
    return { key, chain: pemCertificates(store) }
  } catch (error) {
    const secret = block.text.includes('ENCRYPTED')
    const reason = secret ? 'The password of its private key is wrong.' : 'Its private key cannot be read.'
    throw new AgentError('ERR_CONFIG', reason, {}, error)
  }
}

function pemCertificates(bytes: Buffer): readonly X509Certificate[] {
  return blocksOf(bytes)
    .filter(({ label }) => CERTIFICATES.includes(label))
    .map(({ text }) => certificateOf(text))
}

function blocksOf(bytes: Buffer): readonly { readonly label: string; readonly text: string }[] {
  return [...bytes.toString('latin1').matchAll(BLOCK)].map(([text, label = '']) => ({ label, text }))
}

function certificateOf(content: Buffer | string): X509Certificate {
  try {
    return new X509Certificate(content)
  } catch (error) {
    throw new AgentError('ERR_CONFIG', 'A certificate in it cannot be read.', {}, error)
  }
}
