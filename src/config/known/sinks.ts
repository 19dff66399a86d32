import { deprecatedKeys, misspelled } from './kafka.ts'
import type { KnownType } from './known-type.ts'
import { keysLike } from './rules.ts'
import { serializerTraps } from './traps.ts'

const RPC = `hostname! port!:int batch-size:~int>0=100 connect-timeout:~int=20000 request-timeout:~long=20000
  reset-connection-interval:int
  compression-type compression-level:~int=6 ssl trust-all-certs truststore truststore-password truststore-type exclude-protocols
  include-protocols exclude-cipher-suites include-cipher-suites maxIoWorkers:~int=0 client.type hosts hosts.* max-attempts
  host-selector backoff maxBackoff`
const HBASE =
  'table! columnFamily! batchSize:long serializer serializer.* zookeeperQuorum znodeParent enableWal coalesceIncrements'
const MORPHLINE = `morphlineFile morphlineId batchSize:int batchDurationMillis:long handlerClass isProductionMode
  recoverableExceptionClasses isIgnoringRecoverableExceptions morphlineVariable.*`

const OLD_KAFKA = [
  'brokerList',
  'topic',
  'batchSize',
  'requiredAcks',
  'serializer.class',
  'key.serializer.class'
]

/** Sinks of Flume that are not in this version. */
export const KNOWN_SINKS: readonly KnownType[] = [
  {
    kind: 'sink',
    type: 'avro',
    classes: ['org.apache.flume.sink.AvroSink'],
    keys: RPC,
    batch: { key: 'batch-size', default: 100 }
  },
  {
    kind: 'sink',
    type: 'thrift',
    classes: ['org.apache.flume.sink.ThriftSink'],
    batch: { key: 'batch-size', default: 100 },
    keys: `${RPC} protocol kerberos client-principal client-keytab server-principal connection-reset-interval maxConnections`
  },
  {
    kind: 'sink',
    type: 'irc',
    classes: ['org.apache.flume.sink.irc.IRCSink'],
    keys: 'hostname! port:int nick! chan! user password name splitlines splitchars'
  },
  {
    kind: 'sink',
    type: 'http',
    classes: ['org.apache.flume.sink.http.HttpSink'],
    keys: `endpoint! connectTimeout:int>0 requestTimeout:int>0 contentTypeHeader acceptHeader defaultBackoff defaultRollback
      defaultIncrementMetrics backoff.* rollback.* incrementMetrics.*`
  },
  {
    kind: 'sink',
    type: 'kafka',
    classes: ['org.apache.flume.sink.kafka.KafkaSink'],
    keys: `kafka.bootstrap.servers|brokerList! kafka.topic|topic flumeBatchSize|batchSize:int useFlumeEventFormat
      allowTopicOverride topicHeader timestampHeader header.* partitionIdHeader defaultPartitionId:int kafka.producer.*
      requiredAcks serializer.class key.serializer.class kafka.flumeBatchSize`,
    batch: { key: 'flumeBatchSize', default: 100 },
    lint: written => [...deprecatedKeys(written, OLD_KAFKA, 'kafka.topic'), ...misspelled(written)]
  },
  {
    kind: 'sink',
    type: 'hbase',
    classes: ['org.apache.flume.sink.hbase.HBaseSink'],
    extraJars: true,
    keys: `${HBASE} kerberosPrincipal kerberosKeytab`,
    batch: { key: 'batchSize', default: 100 },
    lint: ({ properties }) => serializerTraps(properties)
  },
  {
    kind: 'sink',
    type: 'hbase2',
    classes: ['org.apache.flume.sink.hbase2.HBase2Sink'],
    keys: `${HBASE} kerberosPrincipal kerberosKeytab`,
    batch: { key: 'batchSize', default: 100 },
    lint: ({ properties }) => serializerTraps(properties)
  },
  {
    kind: 'sink',
    type: 'asynchbase',
    classes: ['org.apache.flume.sink.hbase.AsyncHBaseSink'],
    extraJars: true,
    keys: `${HBASE} timeout:long maxConsecutiveFails:int async.*`,
    batch: { key: 'batchSize', default: 100 },
    lint: ({ properties }) => serializerTraps(properties)
  },
  {
    kind: 'sink',
    type: 'hive',
    classes: ['org.apache.flume.sink.hive.HiveSink'],
    extraJars: true,
    keys: `hive.metastore! hive.database! hive.table! hive.partition hive.txnsPerBatchAsk:int batchSize:int serializer!
      serializer.* heartBeatInterval:int autoCreatePartitions maxOpenConnections:int idleTimeout:int callTimeout:int round
      roundUnit roundValue:int timeZone useLocalTimeStamp`,
    // The default of 15,000 is above what channels take by default; only a written size is held against it.
    batch: { key: 'batchSize' },
    unquotes: given =>
      keysLike(given, { 'serializer.delimiter': /^".*"$/s, 'serializer.serdeSeparator': /^'.'$/s }),
    lint: ({ properties }) => serializerTraps(properties, ['delimited', 'json'])
  },
  {
    kind: 'sink',
    type: 'morphline_solr',
    classes: ['org.apache.flume.sink.solr.morphline.MorphlineSolrSink'],
    extraJars: true,
    keys: MORPHLINE,
    batch: { key: 'batchSize', default: 1000 }
  },
  {
    kind: 'sink',
    type: 'morphline',
    classes: ['org.apache.flume.sink.solr.morphline.MorphlineSink'],
    extraJars: true,
    keys: MORPHLINE,
    batch: { key: 'batchSize', default: 1000 }
  },
  {
    kind: 'sink',
    type: 'elasticsearch',
    classes: ['org.apache.flume.sink.elasticsearch.ElasticSearchSink'],
    removed: true,
    keys: `hostNames! indexName indexType clusterName batchSize:int>0 ttl serializer serializer.* client.* indexNameBuilder
      indexNameBuilder.*`,
    batch: { key: 'batchSize', default: 100 }
  },
  {
    kind: 'sink',
    type: 'dataset',
    classes: ['org.apache.flume.sink.kite.DatasetSink'],
    removed: true,
    keys: 'kite.* auth.*',
    batch: { key: 'kite.batchSize', default: 100 }
  },
  {
    kind: 'sink',
    type: 'kudu',
    classes: ['org.apache.flume.sink.kudu.KuduSink'],
    extraJars: true,
    keys: `masterAddresses! tableName! batchSize:int timeoutMillis:long ignoreDuplicateRows producer producer.* kerberosPrincipal
      kerberosKeytab proxyUser`
  }
]
