import { deprecatedKeys, zooKeeperOnly } from './kafka.ts'
import type { KnownType } from './known-type.ts'
import {
  fileGroupRules,
  ipFilterRules,
  keysLike,
  kerberosRules,
  keystoreRules,
  patternRules,
  portListRules,
  wordRules
} from './rules.ts'
import { deserializerTraps, execTraps, handlerTraps } from './traps.ts'

const TLS = `ssl keystore keystore-password keystore-type exclude-protocols include-protocols exclude-cipher-suites
  include-cipher-suites`
const BACKOFF = 'backoffSleepIncrement:long maxBackoffSleep:long'
const SYSLOG = 'keepFields clientIPHeader clientHostnameHeader'
const FORMAT = 'format.regex:pattern format.search:pattern format.replace format.dateFormat'

/** Sources of Flume that are not in this version. */
export const KNOWN_SOURCES: readonly KnownType[] = [
  {
    kind: 'source',
    type: 'avro',
    classes: ['org.apache.flume.source.AvroSource', 'org.apache.flume.rpc.avro.source.AvroSource'],
    keys: `bind! port!:int threads:~int=0 compression-type compression-level ipFilter ipFilterRules ${TLS}`,
    rules: properties => [...keystoreRules(properties), ...ipFilterRules(properties)]
  },
  {
    kind: 'source',
    type: 'thrift',
    classes: ['org.apache.flume.source.ThriftSource', 'org.apache.flume.rpc.thrift.source.ThriftSource'],
    keys: `bind! port!:int threads:~int=0 protocol kerberos agent-principal agent-keytab ${TLS}`,
    rules: properties => [
      ...keystoreRules(properties),
      ...kerberosRules(properties, 'agent-principal', 'agent-keytab')
    ]
  },
  {
    kind: 'source',
    type: 'exec',
    classes: ['org.apache.flume.source.ExecSource'],
    keys: 'command! shell restart restartThrottle:long logStdErr batchSize:int batchTimeout:long charset',
    batch: { key: 'batchSize', default: 20 },
    // A shell takes them away; but one word with blanks in it is hardly the name of a program.
    unquotes: given => (given['shell'] === undefined ? [] : keysLike(given, { command: /^(["'])\S+\1$/ })),
    headers: () => ({ always: [], more: false }),
    lint: execTraps
  },
  {
    kind: 'source',
    type: 'jms',
    classes: ['org.apache.flume.source.jms.JMSSource'],
    keys: `initialContextFactory! providerURL! connectionFactory destinationName! destinationType! destinationLocator
      messageSelector userName passwordFile batchSize:int>0 errorThreshold:int pollTimeout:long clientId
      createDurableSubscription durableSubscriptionName converter.* ${BACKOFF}`,
    batch: { key: 'batchSize', default: 100 }
  },
  {
    kind: 'source',
    type: 'spooldir',
    classes: [
      'org.apache.flume.source.SpoolDirectorySource',
      'org.apache.flume.rpc.avro.source.SpoolDirectorySource'
    ],
    keys: `spoolDir! fileSuffix deletePolicy trackingPolicy trackerDir fileHeader fileHeaderKey basenameHeader
      basenameHeaderKey includePattern:pattern ignorePattern:pattern consumeOrder recursiveDirectorySearch pollDelay:int batchSize:int
      maxBackoff:int inputCharset decodeErrorPolicy deserializer deserializer.* bufferMaxLineLength:int bufferMaxLines`,
    batch: { key: 'batchSize', default: 100 },
    rules: properties => [
      ...wordRules(properties, 'decodeErrorPolicy', ['fail', 'replace', 'ignore']),
      ...wordRules(properties, 'consumeOrder', ['oldest', 'youngest', 'random'])
    ],
    headers: () => ({ always: [], more: false }),
    lint: deserializerTraps
  },
  {
    kind: 'source',
    type: 'taildir',
    classes: ['org.apache.flume.source.taildir.TaildirSource'],
    keys: `filegroups! filegroups.* positionFile headers.* byteOffsetHeader fileHeader fileHeaderKey skipToEnd
      idleTimeout:int writePosInterval:int batchSize:int maxBatchCount:long cachePatternMatching ${BACKOFF}`,
    batch: { key: 'batchSize', default: 100 },
    rules: fileGroupRules,
    headers: () => ({ always: [], more: false })
  },
  {
    kind: 'source',
    type: 'netcatudp',
    classes: ['org.apache.flume.source.NetcatUdpSource'],
    keys: 'bind port!:int remoteAddress remoteAddressHeader',
    headers: () => ({ always: [], more: false })
  },
  {
    kind: 'source',
    type: 'syslogtcp',
    classes: ['org.apache.flume.source.SyslogTcpSource'],
    keys: `host port!:int eventSize:int ${SYSLOG} ${FORMAT} ${TLS}`,
    rules: keystoreRules,
    headers: () => ({ always: ['timestamp'], more: true })
  },
  {
    kind: 'source',
    type: 'syslogudp',
    classes: ['org.apache.flume.source.SyslogUDPSource'],
    keys: `host port!:int ${SYSLOG} ${FORMAT}`,
    headers: () => ({ always: ['timestamp'], more: true })
  },
  {
    kind: 'source',
    type: 'multiport_syslogtcp',
    classes: ['org.apache.flume.source.MultiportSyslogTCPSource'],
    keys: `ports! host eventSize:int batchSize:int readBufferBytes:int readBufferSize numProcessors:int charset.default
      charset.port.* portHeader ${SYSLOG} ${TLS}`,
    batch: { key: 'batchSize', default: 100 },
    rules: properties => [...keystoreRules(properties), ...portListRules(properties)],
    headers: () => ({ always: ['timestamp'], more: true })
  },
  {
    kind: 'source',
    type: 'http',
    classes: ['org.apache.flume.source.http.HTTPSource'],
    keys: `port!:int bind handler handler.* enableSSL keystorePassword excludeProtocols QueuedThreadPool.* HttpConfiguration.*
      SslContextFactory.* ServerConnector.* ${TLS}`,
    rules: keystoreRules,
    lint: handlerTraps
  },
  {
    kind: 'source',
    type: 'kafka',
    classes: ['org.apache.flume.source.kafka.KafkaSource'],
    keys: `kafka.bootstrap.servers|zookeeperConnect! kafka.topics|topic|kafka.topics.regex! kafka.consumer.group.id|groupId
      kafka.consumer.* batchSize:int batchDurationMillis:int useFlumeEventFormat setTopicHeader topicHeader header.*
      migrateZookeeperOffsets ${BACKOFF}`,
    batch: { key: 'batchSize', default: 1000 },
    lint: written => [
      ...deprecatedKeys(written, ['zookeeperConnect', 'topic', 'groupId'], 'kafka.topics'),
      ...zooKeeperOnly(written)
    ],
    headers: () => ({ always: ['timestamp'], more: true }),
    rules: properties => patternRules(properties, 'kafka.topics.regex')
  },
  {
    kind: 'source',
    type: 'scribe',
    classes: ['org.apache.flume.source.scribe.ScribeSource'],
    keys: 'port:int maxReadBufferBytes:int workerThreads:int',
    headers: () => ({ always: [], more: false })
  },
  {
    kind: 'source',
    type: 'avrolegacy',
    classes: ['org.apache.flume.source.avroLegacy.AvroLegacySource'],
    keys: 'host! port!:int',
    headers: () => ({ always: ['timestamp'], more: true })
  },
  {
    kind: 'source',
    type: 'thriftlegacy',
    classes: ['org.apache.flume.source.thriftLegacy.ThriftLegacySource'],
    keys: 'host! port!:int',
    headers: () => ({ always: ['timestamp'], more: true })
  },
  {
    kind: 'source',
    type: 'twitter',
    classes: ['org.apache.flume.source.twitter.TwitterSource'],
    extraJars: true,
    keys: 'consumerKey! consumerSecret! accessToken! accessTokenSecret! maxBatchSize:int maxBatchDurationMillis:int',
    batch: { key: 'maxBatchSize', default: 1000 },
    headers: () => ({ always: [], more: false })
  },
  { kind: 'source', type: 'embedded', classes: ['org.apache.flume.agent.embedded.EmbeddedSource'], keys: '' }
]
