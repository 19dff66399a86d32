import { AgentError } from '../../core/errors.ts'

/** One entry of a key store; keys are opened when they are asked for. */
export type StoredEntry = StoredSecret | StoredPrivateKey | StoredCertificate

export interface StoredSecret {
  readonly kind: 'secret'
  /** The key's own bytes. */
  open(password: string): Buffer
}

export interface StoredPrivateKey {
  readonly kind: 'private'
  /** PKCS#8 in DER. */
  open(password: string): Buffer
  /** X.509 in DER, the key's own certificate first. */
  readonly chain: readonly Buffer[]
}

export interface StoredCertificate {
  readonly kind: 'certificate'
  /** X.509 in DER. */
  readonly certificate: Buffer
}

/** What the reader of one format found. */
export interface StoredEntries {
  readonly format: 'JCEKS' | 'JKS' | 'PKCS12'
  /** By alias, as written in the file. */
  readonly entries: ReadonlyMap<string, StoredEntry>
}

/** The bytes are not what the format says. */
export function badStore(problem: string, facts: Record<string, unknown> = {}): AgentError {
  return new AgentError('ERR_FORMAT', `The key store cannot be read: ${problem}.`, facts)
}

/** The integrity check failed; in Java's words. */
export function wrongStorePassword(cause?: unknown): AgentError {
  return new AgentError('ERR_CONFIG', 'Keystore was tampered with, or password was incorrect', {}, cause)
}

/** What was decrypted is not a key; a cipher that cannot be had stays what it is. */
export function wrongKeyPassword(cause: unknown): AgentError {
  if (cause instanceof AgentError && cause.code === 'ERR_UNSUPPORTED') return cause
  return new AgentError(
    'ERR_CONFIG',
    'The key cannot be recovered: its password is wrong, or the entry is damaged.',
    {},
    cause
  )
}
