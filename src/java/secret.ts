import { made, type Common, type Setting } from '../core/schema.ts'
import { readPasswordFile } from './secret-file.ts'

/** A password or token. What prints or logs its object does not show it. */
export class Secret {
  /** The file that holds it; undefined when the configuration does. */
  readonly path: string | undefined
  readonly #read: () => string

  constructor(read: () => string, path?: string) {
    this.#read = read
    this.path = path
  }

  /** What it is. Throws ERR_CONFIG when its file cannot be read. */
  read(): string {
    return this.#read()
  }
}

/** A password or token as it is written; a config filter may bring it from a credential store or a command. */
export function secret(key: string, options: Common<string>): Setting<Secret> {
  return made(key, 'secret', { ...options, secret: true }, text => ({ value: new Secret(() => text) }))
}

/** The path of a file that holds a password, without the blanks and line ends around it. */
export function secretFile(key: string, options: Common<string>): Setting<Secret> {
  return made(key, 'secretFile', options, path => ({
    value: new Secret(() => readPasswordFile(path), path)
  }))
}
