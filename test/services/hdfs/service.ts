import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ServiceDescription } from '../description.ts'

const TLS_SETTINGS = {
  'dfs.http.policy': 'HTTP_AND_HTTPS',
  'dfs.client.https.need-auth': 'true',
  'dfs.namenode.https-address': '127.0.0.1:0',
  'dfs.datanode.https.address': '127.0.0.1:0'
}

/**
 * NameNode and DataNodes in one process. Options: `datanodes` (1), `ha` (two NameNodes), `httpfs`, `rpc-port`,
 * `http-port`, `httpfs-port` (free ones), `lease-ms` (60,000: how long a dead writer keeps its file), and any Hadoop setting with a dot in its name.
 * `tls` (besides HTTP also HTTPS, with the issued certificate of test/fixtures/tls, for clients with one of that authority).
 * Ports: rpcPort, httpPort, httpsPort, secondHttpPort, httpFsPort. Commands: stop-namenode N, start-namenode N, stop-datanode N,
 * start-datanode N, activate N (the other one stands by), stand-by N, safemode-enter N, safemode-leave N,
 * open-files N (tells their paths), hold N (keeps /user/flume/held-N open), release N. With `ha` the name service
 * is `millrace`, and the folder `conf` in the service's directory has the site file that says so.
 */
const hdfs: ServiceDescription = {
  summary: 'Hadoop 3.4.2: one NameNode or two (`ha`), DataNodes, HttpFS in one JVM, with `tls` by HTTPS, too',
  java: 'HdfsService',
  environment: { HADOOP_USER_NAME: 'hdfs' },
  prepare: async (classPath, { tls, ...options }) => {
    if (tls !== 'true') return options
    await writeServerStores(classPath)
    return { ...TLS_SETTINGS, ...options }
  },
  examples: {
    ports: { 8020: 'rpcPort', 9870: 'httpPort' },
    environment: { HADOOP_USER_NAME: 'flume' }
  }
}

export default hdfs

/** The ssl-server.xml that Hadoop finds by its class path. */
async function writeServerStores(classPath: string): Promise<void> {
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
  await mkdir(classPath, { recursive: true })
  await writeFile(join(classPath, 'ssl-server.xml'), `<configuration>${entries.join('')}</configuration>`)
}
