import { AgentError } from '../../core/errors.ts'
import type { HadoopConfiguration } from '../hadoop-configuration.ts'
import { splitAuthority, splitUri } from '../paths.ts'

/** Where WebHDFS is asked for what a URI names. */
export interface Route {
  readonly secure: boolean
  /** `host:port`, the preferred one first. */
  readonly addresses: readonly string[]
  /** Properties of the site files that named the addresses; empty: the usual ports of the host are tried. */
  readonly properties: readonly string[]
}

/** Web ports of a NameNode: of Hadoop 3, then of Hadoop 2. */
const USUAL_PORTS = { http: [9870, 50070], https: [9871, 50470] } as const
const RPC_PORT = 8020

type Protocol = keyof typeof USUAL_PORTS

/** A NameNode of the site files; `service` is empty outside of name services. */
interface NameNode {
  readonly service: string
  /** Key of its web address. */
  readonly key: string
  readonly web: string | undefined
  readonly rpc: string | undefined
}

/** The way to `webhdfs://authority`, or `swebhdfs:`: a name service, or a host. Throws ERR_CONFIG. */
export function webHdfsRoute(secure: boolean, authority: string, configuration: HadoopConfiguration): Route {
  const protocol = secure ? 'https' : 'http'
  const service = serviceRoute(authority, protocol, configuration)
  if (service !== undefined) return service
  const { host, port } = splitAuthority(authority, USUAL_PORTS[protocol][0])
  return { secure, addresses: [`${host}:${port}`], properties: [] }
}

/**
 * The way to what `hdfs://authority` names: the web addresses of its name service or of that very NameNode, where the
 * site files know it, else the usual ports of its host. Throws ERR_CONFIG.
 */
export function hdfsRoute(authority: string, configuration: HadoopConfiguration): Route {
  const protocol = configuration.get('dfs.http.policy')?.toUpperCase() === 'HTTPS_ONLY' ? 'https' : 'http'
  const service = serviceRoute(authority, protocol, configuration)
  if (service !== undefined) return service
  const { host, port } = splitAuthority(authority, RPC_PORT)
  const node = nameNodes(protocol, configuration).find(known => isAt(known, host, port))
  if (node?.web === undefined) return { secure: protocol === 'https', ...usual(host, protocol) }
  return {
    secure: protocol === 'https',
    addresses: [webAddress(node.web, host, protocol)],
    properties: [node.key]
  }
}

/** Ports on which NameNodes usually listen for their native protocol. */
const RPC_PORTS: readonly number[] = [RPC_PORT, 9000]

/** Whether `authority` has the port of the native protocol, and no site file gives that port to a web interface. */
export function looksLikeRpcPort(authority: string, configuration: HadoopConfiguration): boolean {
  const port = Number(/:(\d+)$/.exec(authority)?.[1])
  if (!RPC_PORTS.includes(port)) return false
  const known = (['http', 'https'] as const).flatMap(protocol => nameNodes(protocol, configuration))
  return !known.some(({ web }) => web?.endsWith(`:${port}`))
}

function serviceRoute(
  authority: string,
  protocol: Protocol,
  configuration: HadoopConfiguration
): Route | undefined {
  if (authority === '' || !configuration.list('dfs.nameservices').includes(authority)) return undefined
  const nodes = nameNodes(protocol, configuration).filter(({ service }) => service === authority)
  const found = nodes.map(({ key, web, rpc }) => {
    const host = hostOf(rpc)
    if (web !== undefined)
      return { addresses: [webAddress(web, host ?? 'localhost', protocol)], properties: [key] }
    return host === undefined ? { addresses: [], properties: [] } : usual(host, protocol)
  })
  const addresses = found.flatMap(node => node.addresses)
  if (addresses.length > 0)
    return { secure: protocol === 'https', addresses, properties: found.flatMap(node => node.properties) }
  throw new AgentError('ERR_CONFIG', 'The name service has no NameNode address for WebHDFS.', {
    nameService: authority,
    ...configuration.place('dfs.nameservices'),
    hint: `Set ${nodes[0]?.key ?? 'dfs.namenode.http-address'} in hdfs-site.xml.`
  })
}

/** Every NameNode that the site files describe. */
function nameNodes(protocol: Protocol, configuration: HadoopConfiguration): readonly NameNode[] {
  const one = (service: string, suffix: string): NameNode => {
    const key = `dfs.namenode.${protocol}-address${suffix}`
    const rpc = addressOf(`dfs.namenode.rpc-address${suffix}`, configuration)
    return { service, key, web: addressOf(key, configuration), rpc }
  }
  const services = configuration.list('dfs.nameservices').flatMap(service => {
    const names = configuration.list(`dfs.ha.namenodes.${service}`)
    return names.length === 0
      ? [one(service, `.${service}`)]
      : names.map(name => one(service, `.${service}.${name}`))
  })
  const single = one('', '')
  const { scheme, authority } = splitUri(configuration.defaultFileSystem)
  const rpc = single.rpc ?? (scheme === 'hdfs' && authority ? authority : undefined)
  return [...services, { ...single, rpc }]
}

/** `host:port` of a property. Hadoop takes `hdfs://host:port/` for an address, too. */
function addressOf(name: string, configuration: HadoopConfiguration): string | undefined {
  const value = configuration.get(name)
  if (!value) return undefined
  const address = (value.includes('://') ? splitUri(value).authority : undefined) ?? value
  try {
    splitAuthority(address, 1)
    return address
  } catch (error) {
    const facts = { name, value, ...configuration.place(name), hint: `Write ${name} as host:port.` }
    throw new AgentError('ERR_CONFIG', 'The Hadoop setting is no host and port.', facts, error)
  }
}

/** Whether `hdfs://host:port` is this NameNode. One that no property places is taken to be where its web address is. */
function isAt({ service, rpc, web }: NameNode, host: string, port: number): boolean {
  if (rpc !== undefined) {
    const own = splitAuthority(rpc, RPC_PORT)
    return own.host.toLowerCase() === host.toLowerCase() && own.port === port
  }
  if (service !== '' || web === undefined) return false
  const own = splitAuthority(web, 1).host
  return isAnyHost(own) || own.toLowerCase() === host.toLowerCase()
}

/** A wildcard stands for the host that the NameNode is otherwise known by. */
function webAddress(web: string, otherwise: string, protocol: Protocol): string {
  const { host, port } = splitAuthority(web, USUAL_PORTS[protocol][0])
  return `${isAnyHost(host) ? otherwise : host}:${port}`
}

function hostOf(rpc: string | undefined): string | undefined {
  return rpc === undefined ? undefined : splitAuthority(rpc, RPC_PORT).host
}

function isAnyHost(host: string): boolean {
  return host === '0.0.0.0' || host === '[::]'
}

function usual(host: string, protocol: Protocol): Omit<Route, 'secure'> {
  return { addresses: USUAL_PORTS[protocol].map(port => `${host}:${port}`), properties: [] }
}
