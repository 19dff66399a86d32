import type { Headers } from '../../core/component.ts'
import type { Kind } from '../../core/plan.ts'

interface Replacement {
  readonly kind: Kind
  readonly pattern: RegExp
  readonly instead: string
}

/** What does the job of well-known third-party classes. The first pattern that fits the class name counts. */
const REPLACEMENTS: readonly Replacement[] = [
  { kind: 'source', pattern: /exec/i, instead: 'exec' },
  { kind: 'source', pattern: /tail/i, instead: 'taildir' },
  { kind: 'source', pattern: /spool|directory|dirnginx/i, instead: 'spooldir' },
  { kind: 'source', pattern: /kafka/i, instead: 'org.apache.flume.source.kafka.KafkaSource' },
  { kind: 'source', pattern: /jms|activemq/i, instead: 'jms' },
  { kind: 'source', pattern: /syslog/i, instead: 'syslogtcp' },
  { kind: 'source', pattern: /http|rest/i, instead: 'http' },
  { kind: 'source', pattern: /stress|seq/i, instead: 'seq' },
  { kind: 'sink', pattern: /kafka/i, instead: 'org.apache.flume.sink.kafka.KafkaSink' },
  { kind: 'sink', pattern: /elastic/i, instead: 'elasticsearch' },
  { kind: 'sink', pattern: /kudu/i, instead: 'org.apache.flume.sink.kudu.KuduSink' },
  { kind: 'sink', pattern: /s3|hdfs|parquet/i, instead: 'hdfs with hdfs.path = s3a://… or hdfs://…' },
  { kind: 'sink', pattern: /hbase/i, instead: 'hbase2' },
  { kind: 'sink', pattern: /roll|file/i, instead: 'file_roll' },
  { kind: 'sink', pattern: /http|rest/i, instead: 'http' },
  {
    kind: 'sink',
    pattern: /ganglia/i,
    instead: '-Dflume.monitoring.type=ganglia for the agent’s own counters'
  },
  { kind: 'sink', pattern: /console|stdout|logg/i, instead: 'logger' },
  { kind: 'interceptor', pattern: /timestamp/i, instead: 'timestamp' },
  { kind: 'interceptor', pattern: /host/i, instead: 'host' },
  { kind: 'interceptor', pattern: /static/i, instead: 'static, once per header' },
  {
    kind: 'interceptor',
    pattern: /uuid/i,
    instead: 'org.apache.flume.sink.solr.morphline.UUIDInterceptor$Builder'
  },
  { kind: 'interceptor', pattern: /extract|parser/i, instead: 'regex_extractor' },
  { kind: 'interceptor', pattern: /filter/i, instead: 'regex_filter' },
  { kind: 'interceptor', pattern: /replace/i, instead: 'search_replace' },
  { kind: 'serializer', pattern: /avro/i, instead: 'avro_event' },
  { kind: 'serializer', pattern: /header/i, instead: 'header_and_text' },
  { kind: 'serializer', pattern: /csv|text|json/i, instead: 'text' }
]

/** The built-in type that does the job of a third-party class, when there is one. */
export function builtInFor(kind: Kind, type: string): string | undefined {
  return REPLACEMENTS.find(entry => entry.kind === kind && entry.pattern.test(type))?.instead
}

/** Headers of well-known third-party sources; of all other classes nothing is known. */
export function strangeHeaders(type: string): Headers {
  return { always: type.endsWith('.TwitterSource') ? ['timestamp'] : [], more: true }
}
