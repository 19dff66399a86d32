import type { Problem } from '../../../core/component.ts'
import type { Environment } from '../../../core/contracts.ts'
import { AgentError, messageOf } from '../../../core/errors.ts'
import { nearest } from '../../../core/nearest.ts'
import type { HadoopConfiguration } from '../../../fs/hadoop-configuration.ts'
import { FileSystems } from '../../../fs/open.ts'
import { knownHadoopUser, NAMELESS } from '../../../fs/options.ts'
import { splitUri } from '../../../fs/paths.ts'
import { looksLikeRpcPort } from '../../../fs/webhdfs/route.ts'
import type { WebHdfsSettings } from '../../../fs/webhdfs/settings.ts'
import { splitTemplate } from './file-names.ts'
import type { HdfsSettings } from './settings.ts'

const KEY = 'hdfs.path'
/** Stands for the user that the agent will have, where the one that asks has no name. */
const SOMEBODY = 'somebody'

/** What can be said of the store of `hdfs.path` before anything connects: the start fails by the same errors. */
export async function checkStore(settings: HdfsSettings, environment: Environment): Promise<Problem[]> {
  const { proxyUser, delegationToken, path } = settings
  const { constant } = splitTemplate(path)
  const user = knownHadoopUser({ environment })
  const stores = new FileSystems({
    environment,
    proxyUser,
    delegationToken: delegationToken?.read(),
    user: user ?? SOMEBODY
  })
  try {
    const { webHdfs } = await stores.open(constant === '' ? '.' : constant)
    const configuration = await stores.configuration()
    return [
      ...configuration.warnings.map(siteProblem),
      ...(webHdfs === undefined ? [] : routeProblems(webHdfs, configuration)),
      ...(user === undefined && webHdfs?.identity['user.name'] !== undefined ? [nameless(webHdfs.uri)] : [])
    ]
  } catch (error) {
    return [refusal(error, path)]
  } finally {
    await stores.close()
  }
}

/** The sink is kept as Flume keeps it, and says the same again when it cannot start. */
function refusal(error: unknown, path: string): Problem {
  const facts = error instanceof AgentError ? error.facts : {}
  const {
    uri = path,
    file,
    line,
    hint = 'Correct the site file, or name another folder with --conf.'
  } = facts as {
    readonly uri?: string
    readonly file?: string
    readonly line?: number
    readonly hint?: string
  }
  const place = line === undefined ? '' : ` See ${file}:${line}.`
  const unsupported = error instanceof AgentError && error.code === 'ERR_UNSUPPORTED'
  return {
    level: 'error',
    keeps: true,
    code: unsupported ? 'NOT_IN_THIS_VERSION' : 'BAD_VALUE',
    key: KEY,
    message: `${KEY} leads to ${uri}: ${messageOf(error)}${place}`,
    hint
  }
}

/** Milder than the start, which another user may make: the configuration is not at fault. */
function nameless(uri: string): Problem {
  return {
    level: 'warning',
    code: 'HDFS_NO_USER',
    key: KEY,
    message: `${KEY} leads to ${uri}, which wants to know who writes. ${NAMELESS}.`,
    hint: 'Name one in HADOOP_USER_NAME, a variable or a property for -D, where the agent runs.'
  }
}

function siteProblem(warning: string): Problem {
  return {
    level: 'warning',
    code: 'HADOOP_SITE',
    key: KEY,
    message: `Of the site files: ${warning}`,
    hint: 'Keep one set of site files, in the folder of --conf.'
  }
}

function routeProblems(store: WebHdfsSettings, configuration: HadoopConfiguration): Problem[] {
  const { scheme, authority = '' } = splitUri(store.uri)
  if (scheme === 'hdfs')
    return [byWebHdfs(store, configuration), ...nameProblems(store, authority, configuration)]
  if (!looksLikeRpcPort(authority, configuration)) return []
  return [
    {
      level: 'warning',
      code: 'HDFS_RPC_PORT',
      key: KEY,
      message: `${KEY} leads to ${store.uri}: that looks like the RPC port of a NameNode, which does not speak HTTP.`,
      hint: `Write hdfs://${authority}, or the port of the web interface, which is 9870, in Hadoop 2 50070.`
    }
  ]
}

function byWebHdfs({ uri, nameNodes, properties = [] }: WebHdfsSettings, site: HadoopConfiguration): Problem {
  return {
    level: 'info',
    code: 'HDFS_BY_WEBHDFS',
    key: KEY,
    message: `${KEY} leads to ${uri}, which is served over WebHDFS at ${nameNodes.join(', ')}.`,
    hint:
      properties.length > 0
        ? `Named by ${properties.join(', ')}; ${site.whence}.`
        : `Its web interface is looked for on the usual ports; ${site.whence}.`
  }
}

/** A short name without port is a name service, or a host of the same domain. */
function nameProblems(
  { properties = [] }: WebHdfsSettings,
  authority: string,
  site: HadoopConfiguration
): Problem[] {
  const services = site.list('dfs.nameservices')
  const known = services.includes(authority) || properties.length > 0 || /[.:]/.test(authority)
  if (known || services.length === 0) return []
  const close = nearest(authority, services)
  return [
    {
      level: 'warning',
      code: 'HDFS_NAME_SERVICE',
      key: KEY,
      message: `${KEY} names ${authority}, which dfs.nameservices (${services.join(', ')}) does not list; it is taken for a host.`,
      hint:
        close === undefined
          ? `Describe it in hdfs-site.xml, or write its port; ${site.whence}.`
          : `Did you mean ${close}?`
    }
  ]
}
