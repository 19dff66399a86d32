import { dirname, resolve } from 'node:path'
import type { Environment } from '../core/contracts.ts'
import { AgentError } from '../core/errors.ts'
import type { FileSystem } from './file-system.ts'
import { LocalFileSystem } from './local.ts'
import { normalizePath } from './paths.ts'

/**
 * Folder that `embedded:DIR` means. A relative DIR is relative to FLUME_HOME, else to the folder above that of the
 * site file or of `--conf`, else to the working directory.
 */
export function embeddedFolder(directory: string, environment: Environment, siteDirectory?: string): string {
  const conf = siteDirectory ?? environment.configDirectory
  const above = conf === undefined ? process.cwd() : dirname(resolve(conf))
  return resolve(environment.variables['FLUME_HOME'] ?? above, directory === '' ? '.' : directory)
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
