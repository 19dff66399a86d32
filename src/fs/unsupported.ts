import { AgentError } from '../core/errors.ts'
import type { HadoopConfiguration } from './hadoop-configuration.ts'
import type { FileUri } from './paths.ts'
import { webHdfsAuthority } from './webhdfs/settings.ts'

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

/** Why a URI cannot be opened, and what to write instead. `given` is what the user wrote, `whole` what it means. */
export function unsupported(whole: FileUri, given: FileUri, configuration: HadoopConfiguration): AgentError {
  const uri = `${whole.scheme}:${whole.authority === undefined ? '' : `//${whole.authority}`}${whole.path}`
  if (whole.scheme === 'hdfs') return nativeHdfs(uri, whole, given, configuration)
  if (whole.scheme !== undefined && LATER.includes(whole.scheme)) {
    return new AgentError('ERR_UNSUPPORTED', `The file system ${whole.scheme}: is not in this version.`, {
      uri,
      hint: 'Use webhdfs:, swebhdfs:, file: or embedded:.'
    })
  }
  return new AgentError('ERR_UNSUPPORTED', 'The file system scheme is not known.', {
    uri,
    scheme: whole.scheme,
    hint: 'Use webhdfs:, swebhdfs:, file: or embedded:.'
  })
}

function nativeHdfs(
  uri: string,
  whole: FileUri,
  given: FileUri,
  configuration: HadoopConfiguration
): AgentError {
  const base = webHdfsBase(whole, configuration)
  const where = configuration.place('fs.defaultFS')
  const hint =
    given.scheme === undefined
      ? `Set fs.defaultFS to ${base} in ${where.file ?? 'core-site.xml'}, or write hdfs.path = ${base}${whole.path}`
      : `Write hdfs.path = ${base}${whole.path}`
  return new AgentError(
    'ERR_UNSUPPORTED',
    'The native hdfs: protocol is not in this version; the same files are reached by WebHDFS.',
    {
      uri,
      hint,
      ...(given.scheme === undefined ? where : {})
    }
  )
}

/** The WebHDFS address of the same cluster; its port is a guess where the site files do not name it. */
function webHdfsBase(uri: FileUri, configuration: HadoopConfiguration): string {
  const authority = uri.authority ?? ''
  const known = webHdfsAuthority(authority, configuration)
  if (known !== undefined) return `${known.secure ? 'swebhdfs' : 'webhdfs'}://${known.authority}`
  return `webhdfs://${authority.replace(/:\d+$/, '') || 'namenode'}:9870`
}
