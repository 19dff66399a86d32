import { createHash } from 'node:crypto'
import type { Problem } from '../core/component.ts'
import { AgentError, messageOf } from '../core/errors.ts'
import { openKeyStore, type KeyStore } from '../java/key-store.ts'
import { readPasswordFile, readStoreFile } from '../java/secret-file.ts'
import type { Secret } from '../java/secret.ts'
import type { EncryptionValues } from './encryption-settings.ts'
import { keyIdOf, type NamedKey } from './frame-cipher.ts'
import { isPlainFile, isTooOpen, readKeyFile } from './key-files.ts'

/** The keys that the settings name, as far as they can be had, and what is wrong. */
export interface KeyRing {
  /** Undefined when encryption is off or the key cannot be had. */
  readonly active: NamedKey | undefined
  readonly others: readonly NamedKey[]
  readonly problems: readonly Problem[]
}

const MOST_PROVEN = 1000
const PROVIDER = 'encryption.keyProvider'
const WITHOUT_PROVIDER = `Write ${PROVIDER} = JCEKSFILE, or remove the line: without it nothing is encrypted.`

/** What was opened once and need not be opened again to be checked: a key store makes that slow on purpose. */
const proven = new Set<string>()

/** What keys are wanted for: to see whether they can be had, to read and write with, or to read only. */
export type KeyPurpose = 'check' | 'open' | 'read'

/**
 * Never throws. To `check`, keys are left out that the same password has opened before; to `read`, nothing has to say
 * which key encrypts from now on.
 */
export function readKeyRing(values: EncryptionValues, purpose: KeyPurpose): KeyRing {
  return new KeyRingReader(values, purpose).read()
}

class KeyRingReader {
  readonly #values: EncryptionValues
  readonly #purpose: KeyPurpose
  readonly #problems: Problem[] = []

  constructor(values: EncryptionValues, purpose: KeyPurpose) {
    this.#values = values
    this.#purpose = purpose
  }

  read(): KeyRing {
    const { activeKey, keyFile, oldKeyFiles } = this.#values
    this.#checkTogether()
    const stored = this.#problems.some(({ level }) => level === 'error') ? [] : this.#storedKeys()
    const filed = keyFile === undefined ? undefined : this.#filedKey('encryption.keyFile', keyFile)
    const old = oldKeyFiles.flatMap(path => {
      const separate = path.includes(',') ? 'Separate files by blanks, not by commas.' : undefined
      return this.#filedKey('encryption.oldKeyFiles', path, separate) ?? []
    })
    const active = filed ?? stored.find(({ name }) => name === activeKey)
    return { active, others: [...stored, ...old].filter(key => key !== active), problems: this.#problems }
  }

  /** Which settings need or exclude each other; in Flume's words where it has some. */
  #checkTogether(): void {
    const { keyProvider, activeKey, cipherProvider, keyFile, oldKeyFiles } = this.#values
    const two = {
      activeKey: [activeKey, 'Write encryption.activeKey = ALIAS, the key to encrypt with.'],
      cipherProvider: [cipherProvider, 'Write encryption.cipherProvider = AESCTRNOPADDING.']
    } as const
    for (const [key, [value, hint]] of Object.entries(two)) {
      if (keyProvider === undefined && value !== undefined) {
        const message = `Encryption configuration problem: ${key} is present while key provider name is not.`
        this.#missing(`encryption.${key}`, message, WITHOUT_PROVIDER)
      }
      const isNeeded = keyFile === undefined && this.#purpose !== 'read'
      if (keyProvider !== undefined && value === undefined && isNeeded) {
        this.#missing(`encryption.${key}`, `Encryption configuration problem: ${key} is missing.`, hint)
      }
    }
    if (keyFile !== undefined && activeKey !== undefined) {
      this.#error(
        'encryption.keyFile',
        'There are two keys to encrypt with, encryption.keyFile and encryption.activeKey.',
        'Keep one of them; the other goes to encryption.oldKeyFiles or encryption.keyProvider.keys.'
      )
    }
    if (keyProvider === undefined && keyFile === undefined && oldKeyFiles.length > 0) {
      this.#warning(
        'MISSING_REQUIRED',
        'encryption.oldKeyFiles',
        'There is a key to read with and none to write with: what is written from now on is not encrypted.',
        'Set encryption.keyFile, unless encryption is to end.'
      )
    }
    const ofStore = this.#keyOfStore
    if (keyProvider === undefined && ofStore !== undefined) {
      const message = `Encryption configuration problem: ${ofStore} is present while key provider name is not.`
      this.#missing(`encryption.${ofStore}`, message, WITHOUT_PROVIDER)
    }
  }

  /** A setting of the key store that is given, if any. */
  get #keyOfStore(): string | undefined {
    const { keyStoreFile, keyStorePasswordFile, keys } = this.#values
    if (keyStoreFile !== undefined) return 'keyProvider.keyStoreFile'
    if (keyStorePasswordFile !== undefined) return 'keyProvider.keyStorePasswordFile'
    return keys.length > 0 ? 'keyProvider.keys' : undefined
  }

  #storedKeys(): NamedKey[] {
    const { keyProvider, keyStoreFile, keyStorePasswordFile, keys, activeKey } = this.#values
    if (keyProvider === undefined) return []
    if (keyStoreFile === undefined)
      this.#missing(
        `${PROVIDER}.keyStoreFile`,
        'KeyStore file not specified',
        'Write the path of the key store.'
      )
    if (keyStorePasswordFile === undefined) {
      const hint = 'Write the path of a file that holds the password of the key store.'
      this.#missing(`${PROVIDER}.keyStorePasswordFile`, 'KeyStore password  file not specified', hint)
    }
    if (keys.length === 0) {
      const hint = 'Write the aliases in use, separated by blanks.'
      this.#missing(`${PROVIDER}.keys`, 'Keys available to KeyStore was not specified or empty', hint)
    }
    if (keyStoreFile === undefined || keyStorePasswordFile === undefined || keys.length === 0) return []
    const opened = this.#openStore(keyStoreFile, keyStorePasswordFile)
    if (opened === undefined) return []
    const wanted = new Set(activeKey === undefined ? keys : [...keys, activeKey])
    return [...wanted].flatMap(alias => this.#storedKey(alias, opened) ?? [])
  }

  #openStore(path: string, secret: Secret): OpenStore | undefined {
    const passwordPath = secret.path ?? ''
    const password = this.#attempt('encryption.keyProvider.keyStorePasswordFile', passwordPath, () =>
      secret.read()
    )
    const bytes = this.#attempt('encryption.keyProvider.keyStoreFile', path, () => readStoreFile(path))
    if (password === undefined || bytes === undefined) return undefined
    const store = this.#attempt(
      'encryption.keyProvider.keyStoreFile',
      path,
      () => openKeyStore(bytes, password),
      `Check that ${passwordPath} (encryption.keyProvider.keyStorePasswordFile) holds the password of ${path}.`
    )
    if (store === undefined) return undefined
    return { store, password, passwordPath, digest: createHash('sha256').update(bytes).digest('hex') }
  }

  #storedKey(alias: string, opened: OpenStore): NamedKey | undefined {
    const { password, path } = this.#keyPassword(alias, opened)
    const proof = createHash('sha256')
      .update(JSON.stringify([opened.digest, alias, password]))
      .digest('hex')
    if (this.#purpose === 'check' && proven.has(proof)) return undefined
    try {
      const bytes = opened.store.secretKey(alias, password)
      if (bytes === undefined) return this.#unknownAlias(alias, opened.store)
      const key = { name: alias, bytes }
      keyIdOf(key)
      if (proven.size < MOST_PROVEN) proven.add(proof)
      return key
    } catch (error) {
      const hint = isOtherKind(error)
        ? 'Name the alias of an AES key; keytool -genseckey -keyalg AES -keysize 256 makes one.'
        : `Name the file with the password of this key in encryption.keyProvider.keys.${alias}.passwordFile.`
      this.#error(
        'encryption.keyProvider.keys',
        `${messageOf(error)} Key = ${alias}, passwordFile = ${path}`,
        hint
      )
      return undefined
    }
  }

  #unknownAlias(alias: string, store: KeyStore): undefined {
    const separate = alias.includes(',') ? 'Separate aliases by blanks, not by commas. ' : ''
    const hint = `${separate}The key store holds: ${store.aliases.join(', ')}.`
    if (alias === this.#values.activeKey) {
      this.#error('encryption.activeKey', `KeyStore returned null for ${alias}`, hint)
    } else {
      this.#warning(
        'BAD_VALUE',
        'encryption.keyProvider.keys',
        `KeyStore returned null for ${alias}; data encrypted with it cannot be read.`,
        hint
      )
    }
  }

  #keyPassword(alias: string, opened: OpenStore): { password: string; path: string } {
    const store = { password: opened.password, path: opened.passwordPath }
    const path = this.#values.ofKeys.get(alias)?.passwordFile
    if (path === undefined) return store
    const setting = `encryption.keyProvider.keys.${alias}.passwordFile`
    if (!isPlainFile(path)) {
      this.#warning(
        'UNREADABLE',
        setting,
        `Password file for alias ${alias} does not exist`,
        `The key store's password is used; write ${path}, or remove the line.`
      )
      return store
    }
    const password = this.#attempt(setting, path, () => readPasswordFile(path))
    return password === undefined ? store : { password, path }
  }

  #filedKey(setting: string, path: string, hint?: string): NamedKey | undefined {
    const bytes = this.#attempt(setting, path, () => readKeyFile(path), hint)
    return bytes === undefined ? undefined : { name: path, bytes }
  }

  /**
   * What `task` makes of the file; a problem of `setting` when it throws, and when others may read the file. `hint` is for
   * a password that is wrong, or names that are not separated.
   */
  #attempt<T>(setting: string, path: string, task: () => T, hint?: string): T | undefined {
    try {
      const made = task()
      if (isTooOpen(path)) this.#tooOpen(setting, path)
      return made
    } catch (error) {
      this.#problems.push({
        level: 'error',
        code: 'UNREADABLE',
        key: setting,
        message: `${path}: ${messageOf(error)}`,
        hint: hint !== undefined && isConfigError(error) ? hint : `Check ${path} and ${setting}.`
      })
      return undefined
    }
  }

  #tooOpen(setting: string, path: string): void {
    const said = this.#problems.some(
      ({ code, message }) => code === 'OPEN_PERMISSIONS' && message.startsWith(`${path}:`)
    )
    if (!said) {
      this.#warning(
        'OPEN_PERMISSIONS',
        setting,
        `${path}: others than its owner and group may read or change it.`,
        `chmod 600 ${path}`
      )
    }
  }

  #missing(key: string, message: string, hint: string): void {
    this.#problems.push({ level: 'error', code: 'MISSING_REQUIRED', key, message, hint })
  }

  #error(key: string, message: string, hint: string): void {
    this.#problems.push({ level: 'error', code: 'BAD_VALUE', key, message, hint })
  }

  #warning(code: string, key: string, message: string, hint: string): void {
    this.#problems.push({ level: 'warning', code, key, message, hint })
  }
}

function isConfigError(error: unknown): boolean {
  return error instanceof AgentError && error.code === 'ERR_CONFIG'
}

/** Whether an entry is no key that can encrypt, whatever its password: then the error says what it is. */
function isOtherKind(error: unknown): boolean {
  return error instanceof AgentError && Object.keys(error.facts).length > 0
}

interface OpenStore {
  readonly store: KeyStore
  readonly password: string
  readonly passwordPath: string
  /** Of the file, to know it again. */
  readonly digest: string
}
