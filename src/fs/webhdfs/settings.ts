import { setTimeout as sleepFor } from 'node:timers/promises'
import type { Clock } from '../../core/contracts.ts'
import { AgentError } from '../../core/errors.ts'
import type { CreateOptions } from '../file-system.ts'
import type { HadoopConfiguration } from '../hadoop-configuration.ts'
import { hadoopUser, type OpenOptions } from '../options.ts'
import { splitAuthority, splitUri, type FileUri } from '../paths.ts'

/** All that a WebHDFS client needs to know. */
export interface WebHdfsSettings {
  /** For messages, such as `webhdfs://127.0.0.1:9870`. */
  readonly uri: string
  /** Base addresses such as `http://127.0.0.1:9870`, the preferred one first. */
  readonly nameNodes: readonly string[]
  /** Query parameters that say who we are. */
  readonly identity: Readonly<Record<string, string>>
  readonly defaults: CreateOptions
  /** Permission bits that new files and folders lack; undefined: the server decides. */
  readonly umask: number | undefined
  readonly timeoutMs: number
  readonly clock: Pick<Clock, 'monotonic' | 'sleep'>
}

const PORTS = { http: 9870, https: 9871 }
const TIMEOUT_MS = 20_000

/** Settings for `webhdfs://authority` (or `swebhdfs:`); a logical name service becomes its NameNodes. */
export function webHdfsSettings(
  secure: boolean,
  authority: string,
  configuration: HadoopConfiguration,
  options: OpenOptions
): WebHdfsSettings {
  const protocol = secure ? 'https' : 'http'
  const nameNodes = logicalNameNodes(authority, protocol, configuration) ?? [authority]
  const replication = configuration.integer('dfs.replication')
  const blockSize = configuration.integer('dfs.blocksize')
  return {
    uri: `${secure ? 'swebhdfs' : 'webhdfs'}://${authority}`,
    nameNodes: nameNodes.map(address => {
      const { host, port } = splitAuthority(address, PORTS[protocol])
      return `${protocol}://${host}:${port}`
    }),
    identity: identityOf(configuration, options),
    defaults: {
      ...(replication === undefined ? {} : { replication }),
      ...(blockSize === undefined ? {} : { blockSize })
    },
    umask: umaskOf(configuration.get('fs.permissions.umask-mode') ?? '022'),
    timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
    clock: options.clock ?? realTime
  }
}

/** Authority of fs.defaultFS for a URI without one, such as `webhdfs:///user`. */
export function defaultAuthority(uri: FileUri, configuration: HadoopConfiguration): string {
  const defaults = splitUri(configuration.defaultFileSystem)
  if (defaults.scheme === uri.scheme && defaults.authority) return defaults.authority
  throw new AgentError('ERR_CONFIG', 'The URI names no host and fs.defaultFS has none for its scheme.', {
    uri: `${uri.scheme}:${uri.path}`,
    hint: `Write ${uri.scheme}://namenode:9870${uri.path}`
  })
}

/** WebHDFS address of the cluster that `hdfs://authority` names, where the site files tell it. */
export function webHdfsAuthority(
  authority: string,
  configuration: HadoopConfiguration
): { readonly authority: string; readonly secure: boolean } | undefined {
  const secure = configuration.get('dfs.http.policy') === 'HTTPS_ONLY'
  const protocol = secure ? 'https' : 'http'
  const single = configuration.get(`dfs.namenode.${protocol}-address`)
  if (logicalNameNodes(authority, protocol, configuration) !== undefined) return { authority, secure }
  if (single === undefined) return undefined
  const { host, port } = splitAuthority(single, PORTS[protocol])
  const reachable = host === '0.0.0.0' ? splitAuthority(authority || 'localhost', PORTS[protocol]).host : host
  return { authority: `${reachable}:${port}`, secure }
}

/** HTTP addresses of the NameNodes of a logical name service; undefined for a plain host. */
function logicalNameNodes(
  authority: string,
  protocol: string,
  configuration: HadoopConfiguration
): string[] | undefined {
  if (authority === '' || !configuration.list('dfs.nameservices').includes(authority)) return undefined
  const key = `dfs.namenode.${protocol}-address.${authority}`
  const nodes = configuration.list(`dfs.ha.namenodes.${authority}`)
  const addresses =
    nodes.length === 0 ? [configuration.get(key)] : nodes.map(node => configuration.get(`${key}.${node}`))
  const known = addresses.flatMap(address => (address === undefined || address === '' ? [] : [address]))
  if (known.length > 0) return known
  throw new AgentError('ERR_CONFIG', 'The name service has no NameNode address for WebHDFS.', {
    nameService: authority,
    hint: `Set ${nodes.length === 0 ? key : `${key}.${nodes[0]}`} in hdfs-site.xml.`
  })
}

function identityOf(
  configuration: HadoopConfiguration,
  options: OpenOptions
): Readonly<Record<string, string>> {
  if (options.delegationToken) return { delegation: options.delegationToken }
  const authentication = configuration.get('hadoop.security.authentication')?.toLowerCase() ?? 'simple'
  if (authentication !== 'simple') {
    throw new AgentError(
      'ERR_UNSUPPORTED',
      'Only simple authentication and delegation tokens are in this version.',
      {
        authentication,
        ...configuration.place('hadoop.security.authentication')
      }
    )
  }
  const user = hadoopUser(options)
  const other = options.proxyUser !== undefined && options.proxyUser !== '' && options.proxyUser !== user
  return other ? { 'user.name': user, doas: options.proxyUser } : { 'user.name': user }
}

/** Octal masks only; a symbolic one leaves the decision to the server. */
function umaskOf(text: string): number | undefined {
  return /^[0-7]{1,4}$/.test(text) ? Number.parseInt(text, 8) & 0o777 : undefined
}

const realTime: Pick<Clock, 'monotonic' | 'sleep'> = {
  monotonic: () => performance.now(),
  sleep: (ms, signal) =>
    sleepFor(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined)
}
