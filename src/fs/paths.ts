import { AgentError } from '../core/errors.ts'
import { endpointOf } from '../net/endpoints.ts'

/** A file-system URI taken apart. Nothing is percent-decoded: Hadoop does not either. */
export interface FileUri {
  /** Lower case; undefined for a plain path. */
  readonly scheme: string | undefined
  /** Between `//` and the next `/`; undefined without `//`. */
  readonly authority: string | undefined
  /** The rest, as it stands. */
  readonly path: string
}

/** Splits `scheme://authority/path`, `scheme:path` or a plain path. Accepts any text. */
export function splitUri(uri: string): FileUri {
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(uri)?.[1]
  if (scheme === undefined) return { scheme: undefined, authority: undefined, path: uri }
  const rest = uri.slice(scheme.length + 1)
  if (!rest.startsWith('//')) return { scheme: scheme.toLowerCase(), authority: undefined, path: rest }
  const end = rest.indexOf('/', 2)
  const authority = end < 0 ? rest.slice(2) : rest.slice(2, end)
  return { scheme: scheme.toLowerCase(), authority, path: end < 0 ? '' : rest.slice(end) }
}

/** Absolute, without `.`, `..`, doubled or trailing slashes; `..` never leads above `/`. */
export function normalizePath(path: string): string {
  const kept: string[] = []
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue
    if (part === '..') kept.pop()
    else kept.push(part)
  }
  return '/' + kept.join('/')
}

/** The path of `name` inside `folder`. */
export function joinPath(folder: string, name: string): string {
  return folder.endsWith('/') ? folder + name : `${folder}/${name}`
}

/** Last part of a normalized path; empty for `/`. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** Order of file names in listings. */
export function compareNames(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0
}

/** Host and port of an authority such as `host`, `host:9870` or `[::1]:9870`. */
export function splitAuthority(
  authority: string,
  defaultPort: number
): { readonly host: string; readonly port: number } {
  const found = endpointOf(authority, defaultPort)
  if (found === undefined || found.host.includes('%')) {
    throw new AgentError('ERR_CONFIG', 'The host and port of the file system URI cannot be understood.', {
      authority,
      hint: 'Write scheme://host:port/path, such as webhdfs://namenode.example.org:9870/user/flume.'
    })
  }
  return { host: found.host.includes(':') ? `[${found.host}]` : found.host, port: found.port }
}
