import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { javaClassPath } from '../maven.ts'
import type { Launch, Service } from '../start-service.ts'

const JVM_OPTIONS = [
  '-Xmx512m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-XX:-UsePerfData',
  '-Djava.net.preferIPv4Stack=true',
  '-Djava.awt.headless=true',
  '--add-opens=java.base/java.lang=ALL-UNNAMED'
]

/**
 * HDFS: NameNode and DataNodes in one process. Options: `datanodes` (1), `ha` (two NameNodes), `httpfs`, `rpc-port`,
 * `http-port`, `httpfs-port` (free ones), `lease-ms` (60,000: how long a dead writer keeps its file), and any Hadoop setting with a dot in its name.
 * Ports: rpcPort, httpPort, secondHttpPort, httpFsPort. Commands: stop-namenode N, start-namenode N, stop-datanode N,
 * start-datanode N, activate N (the other one stands by), stand-by N, safemode-enter N, safemode-leave N,
 * open-files N (tells their paths), hold N (keeps /user/flume/held-N open), release N. With `ha` the name service
 * is `millrace`, and the folder `conf` in the service's directory has the site file that says so.
 */
export async function launchHdfs(
  directory: string,
  options: Readonly<Record<string, string>>
): Promise<Launch> {
  const classPath = await javaClassPath('hdfs', import.meta.dirname)
  const given = Object.entries(options).map(([key, value]) => `${key}=${value}`)
  return {
    command: 'java',
    args: [...JVM_OPTIONS, '-cp', classPath, 'HdfsService', directory, ...given],
    environment: { HADOOP_USER_NAME: 'hdfs' }
  }
}

/** What Hadoop's own shell prints for `hadoop fs ARGS…` against the service; rejects when it fails. */
export async function hadoopShell(service: Service, ...args: readonly string[]): Promise<string> {
  const classPath = await javaClassPath('hdfs', import.meta.dirname)
  const { stdout } = await promisify(execFile)(
    'java',
    [
      ...JVM_OPTIONS,
      '-cp',
      `${join(service.directory, 'conf')}:${classPath}`,
      'org.apache.hadoop.fs.FsShell',
      ...args
    ],
    { env: { ...process.env, HADOOP_USER_NAME: 'hdfs', LC_ALL: 'C.UTF-8' }, maxBuffer: 64 * 1024 * 1024 }
  )
  return stdout
}
