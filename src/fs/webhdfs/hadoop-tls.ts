import { resolve } from 'node:path'
import { AgentError } from '../../core/errors.ts'
import { tlsDefaults } from '../../net/tls/defaults.ts'
import { clientOptions, type ClientOptions } from '../../net/tls/peers.ts'
import { TlsFiles, type TlsTools } from '../../net/tls/tls-files.ts'
import { ANY_NAME, type ClientTls, type StoreFile } from '../../net/tls/tls-options.ts'
import { loadSiteFile, type HadoopConfiguration } from '../hadoop-configuration.ts'
import type { OpenOptions } from '../options.ts'

/**
 * How `https:` is spoken to NameNodes and DataNodes, as Hadoop's ssl-client.xml says it; without a trust store in there,
 * the agent's own. Rejects with ERR_CONFIG when a store cannot be used. The result is for one connection made now.
 */
export async function hadoopTls(
  uri: string,
  configuration: HadoopConfiguration,
  options: OpenOptions & TlsTools
): Promise<() => ClientOptions> {
  const name = configuration.get('hadoop.ssl.client.conf') || 'ssl-client.xml'
  const file = configuration.directory === undefined ? undefined : resolve(configuration.directory, name)
  const site = file === undefined ? configuration : await loadSiteFile(file, options.environment)
  if (site !== configuration)
    for (const warning of site.warnings) options.log?.warn('Hadoop configuration', { warning })
  const keyStore = wantsCertificate(site, configuration) ? storeOf('keystore', site, uri) : undefined
  const trustStore = storeOf('truststore', site) ?? agentsTrustStore(options)
  const tls: ClientTls = {
    keyStore,
    trustStore,
    protocols: ANY_NAME,
    cipherSuites: ANY_NAME,
    trustAll: false,
    checkHostName: configuration.get('hadoop.ssl.hostname.verifier')?.toUpperCase() !== 'ALLOW_ALL'
  }
  try {
    const files = new TlsFiles(tls, options)
    return () => clientOptions(files, tls)
  } catch (error) {
    if (!(error instanceof AgentError)) throw error
    const kind = error.facts['path'] === keyStore?.path ? 'keystore' : 'truststore'
    const facts = { uri, ...error.facts, ...site.place(`ssl.client.${kind}.location`) }
    throw new AgentError(error.code, error.message, facts, error)
  }
}

function wantsCertificate(site: HadoopConfiguration, configuration: HadoopConfiguration): boolean {
  const name = 'hadoop.ssl.require.client.cert'
  return (site.get(name) ?? configuration.get(name))?.toLowerCase() === 'true'
}

/** With `uri`, the store must be there. */
function storeOf(
  kind: 'keystore' | 'truststore',
  site: HadoopConfiguration,
  uri?: string
): StoreFile | undefined {
  const name = `ssl.client.${kind}`
  const path = site.get(`${name}.location`)
  if (path) {
    const keyPassword = site.get(`${name}.keypassword`) || undefined
    return { path, password: site.get(`${name}.password`) || undefined, keyPassword }
  }
  if (uri === undefined) return undefined
  throw new AgentError('ERR_CONFIG', `The property '${name}.location' has not been set.`, {
    uri,
    ...site.place('hadoop.ssl.require.client.cert'),
    hint: 'hadoop.ssl.require.client.cert asks for it: set it in ssl-client.xml.'
  })
}

function agentsTrustStore({ environment }: OpenOptions): StoreFile | undefined {
  const { truststore: path, truststorePassword: password } = tlsDefaults(environment)
  return path === undefined ? undefined : { path, password }
}
