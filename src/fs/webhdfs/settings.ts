import { setTimeout as sleepFor } from 'node:timers/promises'
import type { Clock } from '../../core/contracts.ts'
import { AgentError } from '../../core/errors.ts'
import type { ClientOptions } from '../../net/tls/peers.ts'
import type { CreateOptions } from '../file-system.ts'
import type { HadoopConfiguration } from '../hadoop-configuration.ts'
import { hadoopUser, type OpenOptions } from '../options.ts'
import { splitUri, type FileUri } from '../paths.ts'
import { hadoopTls } from './hadoop-tls.ts'
import { KERBEROS } from './kerberos.ts'
import { hdfsRoute, webHdfsRoute, type Route } from './route.ts'

/** All that a WebHDFS client needs to know. */
export interface WebHdfsSettings {
  /** For messages, such as `webhdfs://127.0.0.1:9870`. */
  readonly uri: string
  /** Base addresses such as `http://127.0.0.1:9870`, the preferred one first. */
  readonly nameNodes: readonly string[]
  /** Properties of the site files that named them; none: they come from the URI, with the usual ports. */
  readonly properties?: readonly string[]
  /** What else to say of a NameNode that cannot be reached, by sentence and code of the system's error. */
  readonly unreachable?: (reason: string, code: string) => { readonly reason: string; readonly hint?: string }
  /** Query parameters that say who we are. */
  readonly identity: Readonly<Record<string, string>>
  readonly defaults: CreateOptions
  /** Permission bits that new files and folders lack; undefined: the server decides. */
  readonly umask: number | undefined
  readonly timeoutMs: number
  /** How the next connection speaks TLS; undefined: as Node does. */
  readonly tls?: (() => ClientOptions) | undefined
  readonly clock: Pick<Clock, 'monotonic' | 'sleep'>
}

const TIMEOUT_MS = 20_000

/** Settings for `hdfs:`, `webhdfs:` and `swebhdfs:` URIs of one authority. Rejects with ERR_CONFIG or ERR_UNSUPPORTED. */
export async function webHdfsSettings(
  scheme: string,
  authority: string,
  configuration: HadoopConfiguration,
  options: OpenOptions
): Promise<WebHdfsSettings> {
  const route =
    scheme === 'hdfs'
      ? hdfsRoute(authority, configuration)
      : webHdfsRoute(scheme === 'swebhdfs', authority, configuration)
  const uri = `${scheme}://${authority}`
  const nameNodes = route.addresses.map(address => `${route.secure ? 'https' : 'http'}://${address}`)
  const replication = configuration.integer('dfs.replication')
  const blockSize = configuration.integer('dfs.blocksize')
  const identity = identityOf(uri, configuration, options)
  const clock = options.clock ?? realTime
  return {
    uri,
    nameNodes,
    properties: route.properties,
    identity,
    defaults: {
      ...(replication === undefined ? {} : { replication }),
      ...(blockSize === undefined ? {} : { blockSize })
    },
    umask: umaskOf(configuration.get('fs.permissions.umask-mode') ?? '022'),
    unreachable: (reason, code) => ({
      reason:
        scheme === 'hdfs'
          ? `${uri} cannot be reached by WebHDFS at ${nameNodes.join(', ')}: ${reason}`
          : reason,
      ...hintOf({ scheme, authority, route, code }, configuration)
    }),
    timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
    tls: route.secure ? await hadoopTls(uri, configuration, { ...options, clock }) : undefined,
    clock
  }
}

/** Authority of fs.defaultFS for a URI without one, such as `webhdfs:///user`. */
export function defaultAuthority(uri: FileUri, configuration: HadoopConfiguration): string {
  const defaults = splitUri(configuration.defaultFileSystem)
  if (defaults.scheme === uri.scheme && defaults.authority) return defaults.authority
  throw new AgentError('ERR_CONFIG', 'The URI names no host and fs.defaultFS has none for its scheme.', {
    uri: `${uri.scheme}:${uri.path}`,
    hint: `Write ${uri.scheme}://namenode:${uri.scheme === 'hdfs' ? 8020 : 9870}${uri.path}; ${configuration.whence}.`
  })
}

interface Unreachable {
  readonly scheme: string
  readonly authority: string
  readonly route: Route
  /** Of the system's error. */
  readonly code: string
}

function hintOf(
  { scheme, authority, route, code }: Unreachable,
  configuration: HadoopConfiguration
): { readonly hint?: string } {
  const [property] = route.properties
  const services = configuration.list('dfs.nameservices')
  if (property === undefined && ['ENOTFOUND', 'EAI_AGAIN'].includes(code) && !services.includes(authority)) {
    const known = services.length === 0 ? 'is not set' : `has ${services.join(', ')}`
    const hint = `${authority} is neither a host that is known here nor a name service: dfs.nameservices ${known}; ${configuration.whence}.`
    return { hint }
  }
  if (scheme !== 'hdfs') return {}
  return {
    hint:
      property === undefined
        ? `The native hdfs: protocol is not in this version. dfs.namenode.http-address in hdfs-site.xml must say where the NameNode has its web interface, if not on the usual ports; ${configuration.whence}.`
        : `The native hdfs: protocol is not in this version. ${route.properties.join(', ')} must say where the NameNode has its web interface; ${configuration.whence}.`
  }
}

function identityOf(
  uri: string,
  configuration: HadoopConfiguration,
  options: OpenOptions
): Readonly<Record<string, string>> {
  if (options.delegationToken) return { delegation: options.delegationToken }
  const authentication = configuration.get('hadoop.security.authentication')?.toLowerCase() ?? 'simple'
  if (authentication !== 'simple') {
    throw new AgentError('ERR_UNSUPPORTED', KERBEROS.sentence, {
      uri,
      authentication,
      ...configuration.place('hadoop.security.authentication'),
      hint: KERBEROS.hint
    })
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
