import type { Clock, Environment, Log } from '../core/contracts.ts'
import { AgentError } from '../core/errors.ts'
import { userName } from '../java/system-user.ts'

/** What opening a file system may be told. */
export interface OpenOptions {
  readonly environment: Environment
  /** Who we are; otherwise HADOOP_USER_NAME (variable or -D), else the user of the process. */
  readonly user?: string | undefined
  /** On whose behalf calls are made, as `hdfs.proxyUser`. */
  readonly proxyUser?: string | undefined
  /** WebHDFS delegation token; it replaces user and proxyUser. */
  readonly delegationToken?: string | undefined
  /** Longest wait for one answer of a remote store; 20 s. */
  readonly timeoutMs?: number | undefined
  /** For pauses between attempts; real time otherwise. */
  readonly clock?: Pick<Clock, 'monotonic' | 'sleep'> | undefined
  /** Told about oddities of the site files, and where an older store is. */
  readonly log?: Log | undefined
}

export const NAMELESS = 'The user of the process has no name on this machine'

/** Who the process is towards Hadoop, as Hadoop's simple authentication decides it. Throws ERR_CONFIG for nobody. */
export function hadoopUser(options: OpenOptions): string {
  const name = knownHadoopUser(options)
  if (name !== undefined) return name
  const message = `${NAMELESS}; name one in HADOOP_USER_NAME.`
  throw new AgentError('ERR_CONFIG', message, { uid: process.getuid?.() })
}

/** The same; undefined for nobody. */
export function knownHadoopUser({
  user,
  environment: { variables, properties }
}: Pick<OpenOptions, 'user' | 'environment'>): string | undefined {
  return user || variables['HADOOP_USER_NAME'] || properties['HADOOP_USER_NAME'] || userName()
}
