// Rows of config-validation.jsonl.gz in which this agent does something else than Flume on purpose, and why.
const CLASS =
  'a Java class is third-party: its part is reported so and left out, what hangs on it stays in the report'
const NOT_RECORDED =
  'the recording had no library for it; here it is a type of another version, judged by its settings'
const SHORT_NAME = 'a short name that Flume lacks is understood'
const OPTIONAL = 'Flume keeps a source whose every put then fails'
const LOAD_BALANCING = 'works as Flume’s guide says, Flume drops the source'
const BLANKS = 'lists of a selector are split on any blanks'
const LENIENT = 'an interceptor may be named without $Builder, and uuid by its short name'
const LATER = 'the settings are judged by the component itself, which this version does not have'
const ONE_PART = 'a mistake in one group or agent does not take the rest along'
const DEFAULT_PROCESSOR = 'one sink without processor.type gets the default processor, as the guide says'
const NAME_CLASH = 'a lone sink that is named like a group runs'
const ALONE = 'sinks of a group that cannot be made run alone instead of being lost'
const EXTENSION = 'the text counts, not the extension of its file'
const RANGE = 'a number of 64 bits is taken'
const KERBEROS = 'Kerberos is reported as not in this version'
const STRICT = 'a value that cannot work is refused at load, where Flume fails later or behaves strangely'

/** Reason by name of the row. */
export const DEVIATIONS: Readonly<Record<string, string>> = {
  'sources-config-stub-unknown': CLASS,
  'sinks-config-stub-unknown': CLASS,
  'sink-type-kafka': SHORT_NAME,
  'sink-type-kudu': SHORT_NAME,
  'sink-type-hbase': NOT_RECORDED,
  'sink-type-hbase2': NOT_RECORDED,
  'sink-type-asynchbase': NOT_RECORDED,
  'sink-type-hive': NOT_RECORDED,
  'sink-type-elasticsearch': NOT_RECORDED,
  'sink-type-dataset': SHORT_NAME,
  'source-type-kafka': SHORT_NAME,
  'source-type-twitter': SHORT_NAME,
  'source-type-embedded': SHORT_NAME,
  'selector-replicating-optional-unknown': OPTIONAL,
  'selector-unknown': CLASS,
  'selector-unknown-fqcn': CLASS,
  'selector-fqcn-wrong-case': CLASS,
  'selector-not-a-selector': CLASS,
  'selector-load_balancing': LOAD_BALANCING,
  'selector-load_balancing-fqcn': LOAD_BALANCING,
  'selector-multiplexing-tab-list': BLANKS,
  'interceptor-fqcn-no-builder': LENIENT,
  'interceptor-uuid-alias': LENIENT,
  'interceptor-regex_extractor-no-name': LATER,
  'interceptor-regex_extractor-unknown-ser': LATER,
  'interceptor-regex_extractor-millis-bad-pattern': LATER,
  'interceptor-regex_extractor-second-unnamed': LATER,
  'interceptor-search_replace-bad-charset': LATER,
  'interceptor-search_replace-ok': STRICT,
  'spooldir-ignorePattern-bad': STRICT,
  'spooldir-includePattern-bad': STRICT,
  'taildir-bad-regex': STRICT,
  'group-lb-selector-bad': LATER,
  'group-lb-one': ALONE,
  'group-lb-maxTimeOut-bad': ALONE,
  'group-no-sinks-key': ONE_PART,
  'group-sinks-empty': ONE_PART,
  'group-no-processor-type': ALONE,
  'group-no-processor-type-one': DEFAULT_PROCESSOR,
  'group-default-two': ALONE,
  'group-unknown-processor': ALONE,
  'group-processor-not-a-processor': ALONE,
  'group-shared-sink': ALONE,
  'group-member-removed-at-configure': ONE_PART,
  'group-member-batch-too-big': ONE_PART,
  'group-named-like-sink': NAME_CLASH,
  'group-group-type-key': ALONE,
  'other-agent-group-without-sinks': ONE_PART,
  'file-agent.json': EXTENSION,
  'file-agent.yaml': EXTENSION,
  'file-agent.xml': EXTENSION,
  'src-netcat-port=-1': STRICT,
  'src-netcat-max-line-length=-1': STRICT,
  'src-thrift-kerberos=TRUE': LATER,
  'src-StressSource-batchSize=0': STRICT,
  'src-StressSource-batchSize=-1': STRICT,
  'snk-file_roll-sink.rollInterval=99999999999': STRICT,
  'snk-file_roll-sink.batchSize=0': STRICT,
  'snk-file_roll-sink.batchSize=-1': STRICT,
  'snk-hdfs-hdfs.idleTimeout=99999999999': RANGE,
  'snk-hdfs-hdfs.maxOpenFiles=0': STRICT,
  'snk-hdfs-hdfs.maxOpenFiles=-1': STRICT,
  'snk-hdfs-hdfs.threadsPoolSize=-1': STRICT,
  'snk-hdfs-hdfs.minBlockReplicas=abc': STRICT,
  'snk-hdfs-hdfs.minBlockReplicas=-1': STRICT,
  'snk-hdfs-hdfs.minBlockReplicas=99999999999': STRICT,
  'hdfs-filetype-bad': STRICT,
  'hdfs-writeformat-bad': STRICT,
  'hdfs-timezone-bad': STRICT,
  'hdfs-kerberos-half': KERBEROS,
  'http-handler-unknown': LATER,
  'multiport-charset-bad': LATER,
  'multiport-charset-port-nan': LATER,
  'fileroll-serializer-bad': STRICT
}
