import { existsSync, realpathSync } from 'node:fs'
import { isAbsolute, join, resolve } from 'node:path'
import type { Environment } from '../core/contracts.ts'
import { AgentError } from '../core/errors.ts'
import { dataFolder } from './data-folder.ts'
import type { FileSystem } from './file-system.ts'
import { LocalFileSystem } from './local.ts'
import { normalizePath } from './paths.ts'

/** Where this program is installed, or was checked out. */
const INSTALLATION = join(import.meta.dirname, '..', '..')

/**
 * Folder that `embedded:DIR` means. A relative DIR lies in FLUME_HOME where that names another folder than the
 * installation, which the next one may replace; else among the user's data. Throws ERR_CONFIG where there is no such.
 */
export function embeddedFolder(directory: string, environment: Environment): string {
  if (isAbsolute(directory)) return resolve(directory)
  const home = environment.variables['FLUME_HOME']
  const base = home && !isInstallation(home) ? home : dataFolder(environment)
  return resolve(base, directory)
}

/** Where earlier versions had `embedded:DIR`, where something is still there: inside the installation. */
export function formerFolder(directory: string): string | undefined {
  const former = join(INSTALLATION, directory)
  return isAbsolute(directory) || directory === '' || !existsSync(former) ? undefined : former
}

function isInstallation(folder: string): boolean {
  try {
    return realpathSync(folder) === INSTALLATION
  } catch {
    return false // whatever it is, there is nothing of ours in it
  }
}

/** The store rooted at `folder`: local files laid out like HDFS, `/user/flume` in `folder/user/flume`. */
export function embeddedStore(folder: string): FileSystem {
  return new LocalFileSystem(folder, `embedded:${folder === '/' ? '' : folder}`)
}

/**
 * Root folder and path inside it for a whole `embedded:…` URI: the default store when the URI points into it, else
 * the machine's folder tree. `..` may stand only at the start, so that no expanded header leads out of the folder
 * written before it.
 */
export function placeInStore(
  directory: string,
  base: (directory: string) => string,
  store: string | undefined
): { readonly root: string; readonly path: string } {
  if (/(?:^|\/)(?!\.{0,2}\/)[^/]+\/(?:.*\/)?\.\.(?:\/|$)/.test(directory)) {
    throw new AgentError('ERR_CONFIG', 'An embedded: URI must not contain ".." behind its start.', {
      uri: `embedded:${directory}`
    })
  }
  const folder = base(directory)
  if (store !== undefined && (folder === store || folder.startsWith(store + '/'))) {
    return { root: store, path: normalizePath(folder.slice(store.length)) }
  }
  return { root: '/', path: folder }
}
