import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
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

const TLS_SETTINGS = {
  'dfs.http.policy': 'HTTP_AND_HTTPS',
  'dfs.client.https.need-auth': 'true',
  'dfs.namenode.https-address': '127.0.0.1:0',
  'dfs.datanode.https.address': '127.0.0.1:0'
}

/** The ssl-server.xml that Hadoop finds by its class path. */
async function writeServerStores(directory: string): Promise<void> {
  const fixtures = join(import.meta.dirname, '../../fixtures/tls')
  const properties = {
    'ssl.server.keystore.location': join(fixtures, 'issued.p12'),
    'ssl.server.keystore.type': 'PKCS12',
    'ssl.server.keystore.password': 'password',
    'ssl.server.keystore.keypassword': 'password',
    'ssl.server.truststore.location': join(fixtures, 'trust-ca.jks'),
    'ssl.server.truststore.password': 'password'
  }
  const entries = Object.entries(properties).map(
    ([name, value]) => `<property><name>${name}</name><value>${value}</value></property>`
  )
  await mkdir(join(directory, 'tls'), { recursive: true })
  await writeFile(
    join(directory, 'tls', 'ssl-server.xml'),
    `<configuration>${entries.join('')}</configuration>`
  )
}

/**
 * HDFS: NameNode and DataNodes in one process. Options: `datanodes` (1), `ha` (two NameNodes), `httpfs`, `rpc-port`,
 * `http-port`, `httpfs-port` (free ones), `lease-ms` (60,000: how long a dead writer keeps its file), and any Hadoop setting with a dot in its name.
 * `tls` (besides HTTP also HTTPS, with the issued certificate of test/fixtures/tls, for clients with one of that authority).
 * Ports: rpcPort, httpPort, httpsPort, secondHttpPort, httpFsPort. Commands: stop-namenode N, start-namenode N, stop-datanode N,
 * start-datanode N, activate N (the other one stands by), stand-by N, safemode-enter N, safemode-leave N,
 * open-files N (tells their paths), hold N (keeps /user/flume/held-N open), release N. With `ha` the name service
 * is `millrace`, and the folder `conf` in the service's directory has the site file that says so.
 */
export async function launchHdfs(
  directory: string,
  options: Readonly<Record<string, string>>
): Promise<Launch> {
  const classPath = await javaClassPath('hdfs', import.meta.dirname)
  const { tls, ...others } = options
  const all = tls === 'true' ? { ...TLS_SETTINGS, ...others } : others
  if (tls === 'true') await writeServerStores(directory)
  const given = Object.entries(all).map(([key, value]) => `${key}=${value}`)
  return {
    command: 'java',
    args: [
      ...JVM_OPTIONS,
      '-cp',
      `${join(directory, 'tls')}:${classPath}`,
      'HdfsService',
      directory,
      ...given
    ],
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
