import type { Problem } from '../core/component.ts'
import { AgentError } from '../core/errors.ts'
import type { EncryptionValues } from './encryption-settings.ts'
import { createFrameCipher, type FrameCipher } from './frame-cipher.ts'
import { readKeyRing } from './key-ring.ts'

/** Opened keys of a channel. */
export interface Encryption {
  readonly cipher: FrameCipher
  /** A key by its alias in the key store, for files that Flume encrypted. */
  flumeKey(alias: string): Buffer | undefined
}

/**
 * For a channel's `check`: what is wrong with the settings and the files that they name. Takes about 0.1 s for each key
 * of a JCEKS store, the first time.
 */
export function checkEncryption(values: EncryptionValues): Problem[] {
  return [...readKeyRing(values, 'check').problems]
}

/**
 * For a channel's `start`, or to `read` what is there: reads the keys; undefined when the settings name none. Throws
 * ERR_CONFIG.
 */
export function openEncryption(
  values: EncryptionValues,
  purpose: 'open' | 'read' = 'open'
): Encryption | undefined {
  const { active, others, problems } = readKeyRing(values, purpose)
  const problem = problems.find(({ level }) => level === 'error')
  if (problem !== undefined) {
    throw new AgentError('ERR_CONFIG', problem.message, { key: problem.key, hint: problem.hint })
  }
  if (active === undefined && others.length === 0) return undefined
  const byAlias = new Map(
    [...others, ...(active === undefined ? [] : [active])].map(({ name, bytes }) => [name, bytes])
  )
  return { cipher: createFrameCipher(active, others), flumeKey: alias => byAlias.get(alias) }
}
