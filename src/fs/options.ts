import { userInfo } from 'node:os'
import type { Clock, Environment, Log } from '../core/contracts.ts'

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
  /** Told about oddities of the site files. */
  readonly log?: Log | undefined
}

/** Who the process is towards Hadoop, as Hadoop's simple authentication decides it. */
export function hadoopUser(options: OpenOptions): string {
  const { variables, properties } = options.environment
  return (
    options.user || variables['HADOOP_USER_NAME'] || properties['HADOOP_USER_NAME'] || userInfo().username
  )
}
