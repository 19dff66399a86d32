import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The folder of this installation. */
export const HOME = join(import.meta.dirname, '..', '..')

/** The release whose configurations and command line this program follows. */
export const FLUME_VERSION = '1.11.0'

interface PackageFile {
  readonly version: string
  readonly repository?: { readonly url: string }
}

function packageFile(): PackageFile {
  return JSON.parse(readFileSync(join(HOME, 'package.json'), 'utf8')) as PackageFile
}

/** This program's version. */
export function programVersion(): string {
  return packageFile().version
}

/** What `flume-ng version` prints: Flume's lines, as far as they apply. */
export function versionText(): string {
  return [
    `Millrace ${programVersion()} (for configurations of Flume ${FLUME_VERSION})`,
    `Source code repository: ${packageFile().repository?.url ?? 'Unknown'}`,
    `Revision: ${revision(join(HOME, '.git')) ?? 'Unknown'}`,
    `Runs on Node ${process.versions.node}, ${process.platform} ${process.arch}`
  ].join('\n')
}

/** The commit of a clone, or undefined elsewhere. */
export function revision(gitFolder: string): string | undefined {
  const head = textOf(join(gitFolder, 'HEAD'))
  if (head === undefined || !head.startsWith('ref: ')) return head
  const name = head.slice('ref: '.length)
  const packed = textOf(join(gitFolder, 'packed-refs'))
    ?.split('\n')
    .find(line => line.endsWith(` ${name}`))
  return textOf(join(gitFolder, name)) ?? packed?.split(' ')[0]
}

function textOf(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined
}
