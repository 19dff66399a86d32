import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, delimiter, dirname, join, resolve, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Environment } from '../core/contracts.ts'
import { AgentError, messageOf } from '../core/errors.ts'
import { dataFolder } from '../fs/data-folder.ts'
import { HOME } from './version.ts'

/** Where a plug-in keeps packages: its own, and what it needs, as Flume has it for jars. */
const PARTS = ['lib', 'libext', '.']
/** Beside the packages: what `import` finds for a module that lies there. */
export const LOADER = 'load.mjs'
export const LOADER_TEXT = 'export const load = name => import(name)\n'

/** A package that a definition wants: `mongodb@7.9.0`. */
export interface Need {
  readonly name: string
  readonly version: string
}

/** Folders of plug-ins: those of `--plugins-path`, else plugins.d of the installation and the user's own; the first is written to. */
export function pluginRoots(environment: Environment, pluginsPath: string | undefined): readonly string[] {
  if (pluginsPath !== undefined) {
    return pluginsPath
      .split(delimiter)
      .filter(path => path !== '')
      .map(path => resolve(path))
  }
  const installation = join(environment.variables['FLUME_HOME'] || HOME, 'plugins.d')
  // What npm installed is replaced as a whole by a newer version.
  return isInModules(installation)
    ? [...userRoot(environment), installation]
    : [installation, ...userRoot(environment)]
}

function isInModules(path: string): boolean {
  return path.split(sep).includes('node_modules')
}

function userRoot(environment: Environment): string[] {
  try {
    return [join(dataFolder(environment), 'plugins.d')]
  } catch {
    // A user without a home has none.
    return []
  }
}

/** Takes `@scope/name@1.2.3` apart. */
export function needOf(text: string): Need {
  const at = text.lastIndexOf('@')
  return { name: text.slice(0, at), version: text.slice(at + 1) }
}

/** Packages that are installed apart from the program, for the components that want them. */
export class Packages {
  readonly #roots: readonly string[]
  /** What a user has to add to `flume-ng plugin add NAME`. */
  readonly #option: string

  constructor(roots: readonly string[], pluginsPath?: string) {
    this.#roots = roots
    this.#option = pluginsPath === undefined ? '' : ` --plugins-path ${pluginsPath}`
  }

  /** The first of these that is not there, and the command that installs it; undefined when all are. */
  missing(needs: readonly string[]): { readonly what: string; readonly command: string } | undefined {
    for (const need of needs.map(needOf)) {
      const found = this.versionOf(need.name)
      if (found !== undefined && isCompatible(found, need.version)) continue
      const what = `${need.name} ${need.version}`
      return {
        what: found === undefined ? what : `${what} (${found} is there)`,
        command: `flume-ng plugin add ${need.name}${this.#option}`
      }
    }
    return undefined
  }

  /** The version that is installed. */
  versionOf(name: string): string | undefined {
    const folder = this.#folderWith(name)
    return folder === undefined ? undefined : versionIn(join(folder, 'node_modules', name))
  }

  /** Loads a package; rejects with ERR_START, and the command that installs it, when it is not there. */
  async load(name: string): Promise<unknown> {
    const folder = this.#folderWith(name)
    if (folder === undefined) {
      const command = `flume-ng plugin add ${name}${this.#option}`
      throw new AgentError('ERR_START', `The package ${name} is not installed: ${command}`, { package: name })
    }
    try {
      const loader = join(folder, LOADER)
      if (!existsSync(loader)) return createRequire(join(folder, 'package.json'))(name)
      const { load } = (await import(pathToFileURL(loader).href)) as { load(name: string): Promise<unknown> }
      return await load(name)
    } catch (error) {
      throw new AgentError(
        'ERR_START',
        `The package ${name} cannot be loaded: ${messageOf(error)}`,
        { folder },
        error
      )
    }
  }

  /** Every plug-in: its folder, its packages and how many jars of Java it has. */
  list(): PlugIn[] {
    return this.#roots.flatMap(root =>
      subfolders(root)
        .map(name => join(root, name))
        .map(folder => ({ folder, packages: packagesIn(folder), jars: jarsIn(folder) }))
    )
  }

  /** The folder whose node_modules has the package: a plug-in's, or the one that we are installed in ourselves. */
  #folderWith(name: string): string | undefined {
    const plugIns = this.#roots.flatMap(root => subfolders(root).map(plugIn => join(root, plugIn)))
    const around = basename(dirname(HOME)) === 'node_modules' ? [dirname(dirname(HOME))] : []
    return [...plugIns.flatMap(folder => PARTS.map(part => join(folder, part))), HOME, ...around].find(
      folder => versionIn(join(folder, 'node_modules', name)) !== undefined
    )
  }
}

/** One folder below plugins.d. */
export interface PlugIn {
  readonly folder: string
  readonly packages: readonly Need[]
  readonly jars: number
}

/** Whether code that was made for one version runs with another: the first number that is not 0 is the same. */
function isCompatible(found: string, wanted: string): boolean {
  const [major = '', minor = ''] = wanted.split('.')
  return found === wanted || found.startsWith(major === '0' ? `0.${minor}.` : `${major}.`)
}

function packagesIn(folder: string): Need[] {
  return PARTS.map(part => join(folder, part)).flatMap(place => {
    const { dependencies = {} } = packageFile(join(place, 'package.json')) ?? {}
    return Object.keys(dependencies).flatMap(name => {
      const version = versionIn(join(place, 'node_modules', name))
      return version === undefined ? [] : [{ name, version }]
    })
  })
}

function jarsIn(folder: string): number {
  return ['lib', 'libext']
    .flatMap(part => entries(join(folder, part)))
    .filter(entry => entry.name.endsWith('.jar')).length
}

function versionIn(folder: string): string | undefined {
  return packageFile(join(folder, 'package.json'))?.version
}

interface PackageFile {
  readonly version?: string
  readonly dependencies?: Readonly<Record<string, string>>
}

function packageFile(path: string): PackageFile | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as PackageFile
  } catch {
    return undefined
  }
}

function subfolders(folder: string): string[] {
  return entries(folder)
    .filter(entry => (entry.isDirectory() || entry.isSymbolicLink()) && !entry.name.startsWith('.'))
    .map(entry => entry.name)
    .sort()
}

function entries(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    return []
  }
}
