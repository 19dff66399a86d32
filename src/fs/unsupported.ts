import { AgentError } from '../core/errors.ts'
import type { HadoopConfiguration } from './hadoop-configuration.ts'
import { splitUri, type FileUri } from './paths.ts'

const LATER: readonly string[] = [
  's3',
  's3a',
  's3n',
  'gs',
  'abfs',
  'abfss',
  'wasb',
  'wasbs',
  'oss',
  'cosn',
  'ofs',
  'o3fs',
  'viewfs',
  'har',
  'ftp',
  'sftp'
]

const USE = 'Use hdfs:, webhdfs:, swebhdfs:, file: or embedded:.'

/** Why a URI cannot be opened, and what to write instead. `given` is what the user wrote, `whole` what it means. */
export function unsupported(whole: FileUri, given: FileUri, configuration: HadoopConfiguration): AgentError {
  const { scheme, authority, path } = whole
  const facts = {
    uri: `${scheme}:${authority === undefined ? '' : `//${authority}`}${path}`,
    ...(given.scheme === undefined ? configuration.place('fs.defaultFS') : {}),
    hint: (scheme === 'viewfs' ? mountHint(whole, configuration) : undefined) ?? USE
  }
  return scheme !== undefined && LATER.includes(scheme)
    ? new AgentError('ERR_UNSUPPORTED', `The file system ${scheme}: is not in this version.`, facts)
    : new AgentError('ERR_UNSUPPORTED', 'The file system scheme is not known.', { ...facts, scheme })
}

/** The URI behind a path of ViewFS, where a link of the mount table leads there. */
function mountHint({ authority, path }: FileUri, configuration: HadoopConfiguration): string | undefined {
  const defaults = splitUri(configuration.defaultFileSystem)
  const table = authority || (defaults.scheme === 'viewfs' && defaults.authority) || 'default'
  const parts = path.split('/').filter(part => part !== '')
  for (let count = parts.length; count > 0; count--) {
    const mount = `/${parts.slice(0, count).join('/')}`
    const key = `fs.viewfs.mounttable.${table}.link.${mount}`
    const target = configuration.get(key)
    if (target)
      return `Write ${[target.replace(/\/+$/, ''), ...parts.slice(count)].join('/')}, where ${key} leads.`
  }
  return undefined
}
