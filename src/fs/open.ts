import { resolve } from 'node:path'
import { AgentError } from '../core/errors.ts'
import type { FileSystem } from './file-system.ts'
import { loadHadoopConfiguration, type HadoopConfiguration } from './hadoop-configuration.ts'
import { hadoopUser, type OpenOptions } from './options.ts'
import { normalizePath, splitUri, type FileUri } from './paths.ts'
import type { WebHdfsSettings } from './webhdfs/settings.ts'

export interface OpenedPath {
  readonly fileSystem: FileSystem
  readonly path: string
  /** How HDFS is reached. */
  readonly webHdfs?: WebHdfsSettings
}

/** Chooses the file system of one URI. The caller closes it. Rejects with ERR_CONFIG or ERR_UNSUPPORTED. */
export async function openFileSystem(uri: string, options: OpenOptions): Promise<OpenedPath> {
  return await new FileSystems(options).open(uri)
}

/** Opens many URIs: site files are read once, connections are shared between URIs of one store. */
export class FileSystems {
  readonly #options: OpenOptions
  readonly #open = new Map<string, Promise<FileSystem>>()
  readonly #webHdfs = new Map<string, Promise<WebHdfsSettings>>()
  readonly #warned = new Set<string>()
  #configuration: Promise<HadoopConfiguration> | undefined

  constructor(options: OpenOptions) {
    this.#options = options
  }

  /** File system and path inside it; a URI without scheme belongs to fs.defaultFS. */
  async open(uri: string): Promise<OpenedPath> {
    const configuration = await this.configuration()
    const given = splitUri(uri)
    const whole = given.scheme === undefined ? onDefault(given.path, configuration, this.#options) : given
    switch (whole.scheme) {
      case 'embedded':
        return await this.#openEmbedded(whole, given.scheme !== undefined, configuration)
      case 'file':
        return await this.#openLocal(whole)
      case 'hdfs':
      case 'webhdfs':
      case 'swebhdfs':
        return await this.#openWebHdfs(whole, configuration)
      default:
        throw (await import('./unsupported.ts')).unsupported(whole, given, configuration)
    }
  }

  /** Hadoop's site files, read at the first call. */
  async configuration(): Promise<HadoopConfiguration> {
    this.#configuration ??= this.#load()
    return await this.#configuration
  }

  /** Closes all file systems that were opened. */
  async close(): Promise<void> {
    const open = [...this.#open.values()]
    this.#open.clear()
    for (const fileSystem of await Promise.allSettled(open)) {
      if (fileSystem.status === 'fulfilled') await fileSystem.value.close()
    }
  }

  async #load(): Promise<HadoopConfiguration> {
    const configuration = await loadHadoopConfiguration(this.#options.environment)
    for (const warning of configuration.warnings) this.#options.log?.warn('Hadoop configuration', { warning })
    return configuration
  }

  async #openEmbedded(
    uri: FileUri,
    explicit: boolean,
    configuration: HadoopConfiguration
  ): Promise<OpenedPath> {
    const { embeddedFolder, embeddedStore, formerFolder, placeInStore } = await import('./embedded.ts')
    const base = (folder: string) => embeddedFolder(folder, this.#options.environment)
    const defaults = splitUri(configuration.defaultFileSystem)
    const store = defaults.scheme === 'embedded' ? storeOf(embeddedPart(defaults), base, explicit) : undefined
    const isInDefault = !explicit && store !== undefined
    const { root, path } = isInDefault
      ? { root: store, path: normalizePath(uri.path) }
      : placeInStore(embeddedPart(uri), base, store)
    const written = embeddedPart(isInDefault ? defaults : uri)
    this.#warnOfFormer(base(written), formerFolder(written))
    const fileSystem = await this.#shared(`embedded:${root}`, async () => embeddedStore(root))
    return { fileSystem, path }
  }

  #warnOfFormer(folder: string, former: string | undefined): void {
    if (former === undefined || former === folder || this.#warned.has(former)) return
    this.#warned.add(former)
    this.#options.log?.warn(
      'An earlier version kept this store in the installation. It is not read there: move it, or write its whole path.',
      { former, folder }
    )
  }

  async #openLocal(uri: FileUri): Promise<OpenedPath> {
    if (uri.authority !== undefined && uri.authority !== '' && uri.authority !== 'localhost') {
      throw new AgentError('ERR_CONFIG', 'A file: URI has no host; a slash is missing.', {
        uri: `file://${uri.authority}${uri.path}`,
        hint: `Write file:///${uri.authority}${uri.path}`
      })
    }
    const { LocalFileSystem } = await import('./local.ts')
    const fileSystem = await this.#shared('file:', async () => new LocalFileSystem())
    return { fileSystem, path: resolve(uri.path === '' ? '/' : uri.path) }
  }

  async #openWebHdfs(uri: FileUri, configuration: HadoopConfiguration): Promise<OpenedPath> {
    const { defaultAuthority, webHdfsSettings } = await import('./webhdfs/settings.ts')
    const scheme = uri.scheme ?? ''
    const authority = uri.authority || defaultAuthority(uri, configuration)
    const settings = await shared(this.#webHdfs, `${scheme}://${authority}`, () =>
      webHdfsSettings(scheme, authority, configuration, this.#options)
    )
    const fileSystem = await this.#shared(settings.uri, async () => {
      const { WebHdfsFileSystem } = await import('./webhdfs/webhdfs.ts')
      if (scheme === 'hdfs')
        this.#options.log?.info('hdfs: is served over WebHDFS.', {
          uri: settings.uri,
          nameNodes: settings.nameNodes
        })
      return new WebHdfsFileSystem(settings)
    })
    return { fileSystem, path: normalizePath(uri.path), webHdfs: settings }
  }

  async #shared(key: string, make: () => Promise<FileSystem>): Promise<FileSystem> {
    return await shared(this.#open, key, make)
  }
}

/** What was made before under `key`; what could not be made is tried again by the next one. */
async function shared<T>(known: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const found = known.get(key)
  if (found !== undefined) return await found
  const made = make()
  known.set(key, made)
  made.catch(() => known.delete(key))
  return await made
}

/** A path without scheme on the default file system; relative ones start at the home folder, local ones here. */
function onDefault(path: string, configuration: HadoopConfiguration, options: OpenOptions): FileUri {
  const defaults = splitUri(configuration.defaultFileSystem)
  const scheme = defaults.scheme ?? 'file'
  const authority = scheme === 'embedded' ? undefined : defaults.authority
  if (path.startsWith('/')) return { scheme, authority, path }
  return { scheme, authority, path: scheme === 'file' ? path : `/user/${hadoopUser(options)}/${path}` }
}

/** Where the default store is; for a place that is given whole, that need not be known. */
function storeOf(
  directory: string,
  base: (directory: string) => string,
  explicit: boolean
): string | undefined {
  try {
    return base(directory)
  } catch (error) {
    if (explicit) return undefined
    throw error
  }
}

function embeddedPart(uri: FileUri): string {
  return (uri.authority ?? '') + uri.path
}
