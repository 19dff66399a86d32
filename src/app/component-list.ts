// Written by `npm run docs` from the folders below src/components; change the definitions there, not this list.

/** Every component: what it is called, which packages it wants, and how to get its definition. */
export const COMPONENT_LIST = [
  { kind: 'channel', type: 'file', classes: ['org.apache.flume.channel.file.FileChannel'], needs: [], load: () => import('../components/channels/file/file.ts') },
  { kind: 'channel', type: 'jdbc', classes: ['org.apache.flume.channel.jdbc.JdbcChannel'], needs: [], load: () => import('../components/channels/jdbc/jdbc.ts') },
  { kind: 'channel', type: 'memory', classes: ['org.apache.flume.channel.MemoryChannel'], needs: [], load: () => import('../components/channels/memory/memory.ts') },
  { kind: 'channel', type: 'spillablememory', classes: ['org.apache.flume.channel.SpillableMemoryChannel'], needs: [], load: () => import('../components/channels/spillablememory/spillablememory.ts') },
  { kind: 'interceptor', type: 'static', classes: ['org.apache.flume.interceptor.StaticInterceptor$Builder'], needs: [], load: () => import('../components/interceptors/static/static.ts') },
  { kind: 'processor', type: 'default', classes: ['org.apache.flume.sink.DefaultSinkProcessor'], needs: [], load: () => import('../components/processors/default/default.ts') },
  { kind: 'selector', type: 'replicating', classes: ['org.apache.flume.channel.ReplicatingChannelSelector'], needs: [], load: () => import('../components/selectors/replicating/replicating.ts') },
  { kind: 'serializer', type: 'avro', classes: ['org.apache.flume.sink.hdfs.AvroEventSerializer$Builder', 'org.apache.flume.serialization.AvroEventSerializer$Builder'], needs: [], load: () => import('../components/serializers/avro/avro.ts') },
  { kind: 'serializer', type: 'avro_event', classes: ['org.apache.flume.serialization.FlumeEventAvroEventSerializer$Builder'], needs: [], load: () => import('../components/serializers/avro-event/avro-event.ts') },
  { kind: 'serializer', type: 'header_and_text', classes: ['org.apache.flume.serialization.HeaderAndBodyTextEventSerializer$Builder'], needs: [], load: () => import('../components/serializers/header-and-text/header-and-text.ts') },
  { kind: 'serializer', type: 'text', classes: ['org.apache.flume.serialization.BodyTextEventSerializer$Builder'], needs: [], load: () => import('../components/serializers/text/text.ts') },
  { kind: 'sink', type: 'file_roll', classes: ['org.apache.flume.sink.RollingFileSink'], needs: [], load: () => import('../components/sinks/file-roll/file-roll.ts') },
  { kind: 'sink', type: 'hdfs', classes: ['org.apache.flume.sink.hdfs.HDFSEventSink'], needs: [], load: () => import('../components/sinks/hdfs/hdfs.ts') },
  { kind: 'sink', type: 'logger', classes: ['org.apache.flume.sink.LoggerSink'], needs: [], load: () => import('../components/sinks/logger/logger.ts') },
  { kind: 'sink', type: 'null', classes: ['org.apache.flume.sink.NullSink'], needs: [], load: () => import('../components/sinks/null/null.ts') },
  { kind: 'source', type: 'netcat', classes: ['org.apache.flume.source.NetcatSource'], needs: [], load: () => import('../components/sources/netcat/netcat.ts') },
  { kind: 'source', type: 'seq', classes: ['org.apache.flume.source.SequenceGeneratorSource'], needs: [], load: () => import('../components/sources/seq/seq.ts') },
  { kind: 'source', type: 'stress', classes: ['org.apache.flume.source.StressSource'], needs: [], load: () => import('../components/sources/stress/stress.ts') },
] as const
