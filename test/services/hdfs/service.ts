import type { ServiceDescription } from '../description.ts'

/**
 * NameNode and DataNodes in one process. Options: `datanodes` (1), `ha` (two NameNodes), `httpfs`, `rpc-port`,
 * `http-port`, `httpfs-port` (free ones), `lease-ms` (60,000: how long a dead writer keeps its file), and any Hadoop setting with a dot in its name.
 * Ports: rpcPort, httpPort, secondHttpPort, httpFsPort. Commands: stop-namenode N, start-namenode N, stop-datanode N,
 * start-datanode N, activate N (the other one stands by), stand-by N, safemode-enter N, safemode-leave N,
 * open-files N (tells their paths), hold N (keeps /user/flume/held-N open), release N. With `ha` the name service
 * is `millrace`, and the folder `conf` in the service's directory has the site file that says so.
 */
const hdfs: ServiceDescription = {
  summary: 'Hadoop 3.4.2: one NameNode or two (`ha`), DataNodes, HttpFS in one JVM',
  java: 'HdfsService',
  environment: { HADOOP_USER_NAME: 'hdfs' },
  examples: {
    ports: { 8020: 'rpcPort', 9870: 'httpPort' },
    environment: { HADOOP_USER_NAME: 'flume' }
  }
}

export default hdfs
