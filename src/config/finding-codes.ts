interface CodeEntry {
  readonly level: 'error' | 'warning' | 'info'
  readonly meaning: string
}

const error = (meaning: string): CodeEntry => ({ level: 'error', meaning })
const warning = (meaning: string): CodeEntry => ({ level: 'warning', meaning })
const info = (meaning: string): CodeEntry => ({ level: 'info', meaning })

/** Every code that reading and checking a configuration can give, with its usual level. */
export const FINDING_CODES = {
  DROPPED: warning('A component is left out because of its settings; the rest runs.'),
  UNREADABLE: error('A file cannot be read, is too big or is no text.'),
  NO_CONFIGURATION: error('There is no property at all.'),
  NO_AGENT: error('No agent of the name asked for, or several and none was named.'),
  BAD_ESCAPE: error('A \\u is not followed by four hexadecimal digits.'),
  BLOCK_NOT_CLOSED: error('A block of the block dialect has no closing brace.'),
  BLOCK_SYNTAX: error('A line of the block dialect cannot be understood.'),
  BLOCK_UNKNOWN_NAME: error('A link of the block dialect names a component that does not exist.'),
  SINK_CHANNELS: error('A sink has more than one channel.'),
  INTERPOLATION: error('A ${…} cannot be evaluated.'),
  INTERPOLATION_CYCLE: error('Properties refer to each other in a circle.'),
  UNRESOLVED_VARIABLE: warning('A ${…} names nothing; it stays in the value as it is.'),
  UNKNOWN_LOOKUP: warning('A line of the lookups file names a lookup that does not exist here.'),
  FILTER_FAILED: error('A config filter cannot be made, or did not find a key.'),
  CUSTOM_CLASS: error('A type names a third-party Java class, or nothing that is known.'),
  CUSTOM_SERIALIZER: error('A serializer is a third-party Java class.'),
  CUSTOM_DESERIALIZER: error('A deserializer is a third-party Java class.'),
  NOT_IN_THIS_VERSION: error('A type of Flume that this version does not have yet.'),
  NOT_IN_1_11: error('A type that was taken out of Flume before 1.11.'),
  NO_TYPE: error('A component has no type.'),
  MISSING_REQUIRED: error('A required property is missing.'),
  BAD_NUMBER: error('A value is no number, or out of range.'),
  BAD_VALUE: error('A value is none of those allowed.'),
  OPEN_PERMISSIONS: warning('A file with a key or a password can be read or changed by others.'),
  BATCH_GT_TXN: error(
    'The batch is larger than the transaction capacity of the channel; the component is dropped.'
  ),
  SHARED_STORE: error(
    'Two channels keep their events in the same folder or database; only one of them can start.'
  ),
  CAP_LT_TXN: error('The transaction capacity is larger than the capacity of the channel.'),
  NO_LIST_CHANNELS: error('The agent lists no channels, so nothing of it can run.'),
  NOTHING_TO_RUN: error('No source and no sink is left, or no channel.'),
  LISTED_NOT_DEFINED: error('A list names a component that has no property.'),
  UNDECLARED_CHANNEL: error('A source or sink names a channel that does not exist.'),
  SRC_NO_CHANNEL: error('A source has no channels.'),
  SINK_NO_CHANNEL: error('A sink has no channel.'),
  SELECTOR_UNKNOWN_CHANNEL: error('A selector names a channel that is not one of its source.'),
  GROUP_UNKNOWN_SINK: warning('A sink group names a sink that does not exist.'),
  GROUP_SHARED_SINK: warning('A sink is in two groups.'),
  GROUP_DROPPED: error('A sink group cannot run as written.'),
  GROUP_CHANNELS: warning('The sinks of a group drain different channels.'),
  NAME_CLASH: warning('A sink and a sink group have the same name.'),
  UNK_PROP: warning('A property that the component does not have; it is ignored.'),
  UNK_INTERCEPTOR_PROP: warning('A property that the interceptor does not have; it is ignored.'),
  UNDOC_PROP: info('A property that works although Flume’s guide does not list it.'),
  PROP_CASE: warning('A property in the wrong case; it is ignored.'),
  TYPE_CASE: info('A type in unusual case; it works.'),
  MISSING_PREFIX: warning('A property without its prefix; it is ignored.'),
  PROP_NO_EFFECT: warning('A property of Flume that changes nothing here.'),
  DEPRECATED_PROP: warning('An old name of a property, which still works.'),
  DEPRECATED_KAFKA: warning('An old Kafka property.'),
  KAFKA_ZK_ONLY: warning('A Kafka source with zookeeperConnect and no brokers.'),
  DOC_EXAMPLE_WRONG_KEY: warning('A key copied from an example of Flume’s guide that nothing reads.'),
  HDFS_DEFAULT_ROLL: warning(
    'A roll trigger of the HDFS sink is left at its default (30 s, 1024 B, 10 events).'
  ),
  HDFS_SMALL_FILES: warning('The roll triggers give a flood of tiny files.'),
  HDFS_NEVER_ROLLS: warning('No trigger ever closes a file.'),
  HDFS_NO_TIMESTAMP: warning('Time escapes need a timestamp header that nothing sets.'),
  'HDFS_TIMESTAMP_UPSTREAM?': info('Time escapes need a timestamp header that must come with the events.'),
  HDFS_DEFAULT_SEQUENCEFILE: info('Files are written as binary SequenceFile, the default.'),
  HDFS_PORT_9000: info('The NameNode is addressed on port 9000.'),
  HDFS_BY_WEBHDFS: info('An hdfs: store is served over WebHDFS.'),
  HDFS_RPC_PORT: warning('A webhdfs: URI has the port of the native protocol.'),
  HDFS_NAME_SERVICE: warning('An hdfs: URI has no port and names no name service of the site files.'),
  HDFS_NO_USER: warning('The user of the process has no name that a cluster could be told.'),
  HADOOP_SITE: warning('Hadoop’s site files say something that does not count.'),
  S3N_SCHEME: warning('The s3n: scheme does not exist any more.'),
  TAIL_F: warning('An exec source with tail -f loses events.'),
  EXEC_NEEDS_SHELL: warning('A command uses what only a shell understands.'),
  DUP_KEY_DIFF: warning('The same key twice with different values; the last wins.'),
  DUP_KEY_SAME: info('The same key twice with the same value.'),
  DEFINED_NOT_LISTED: warning('A component has properties but is in no list; it is not used.'),
  ORPHAN_AGENT_PREFIX: warning('Properties under an agent name that lists nothing; perhaps a misspelling.'),
  KEY_WITHOUT_AGENT: warning('A key that belongs to no agent.'),
  INVALID_PROPERTY: warning('A key that fits none of the forms an agent has.'),
  NO_LIST_SOURCES: warning('The agent has no sources.'),
  NO_LIST_SINKS: warning('The agent has no sinks.'),
  CHANNEL_NO_SOURCE: warning('Nothing fills the channel.'),
  CHANNEL_NO_SINK: warning('Nothing drains the channel.'),
  SHARED_CHANNEL: warning('Several sinks share a channel; each event goes to one of them.'),
  SELECTOR_NO_DEFAULT: warning('A multiplexing selector without default drops what matches nothing.'),
  SELECTOR_NO_MAPPING: warning('A multiplexing selector without any mapping.'),
  INTERCEPTOR_NOT_LISTED: warning('An interceptor has properties but is in no list; it is not used.'),
  EMPTY_VALUE: warning('A key without value; it is ignored.'),
  QUOTED_VALUE: warning('Quotes become part of the value.'),
  BACKSLASH_LOST: warning('A single backslash vanishes.'),
  COMMA_LIST: warning('Commas in a list that is split on blanks become part of the names.'),
  SLASH_COMMENT: warning('Two slashes do not begin a comment, on a line or behind a value.'),
  INLINE_COMMENT: warning('A # behind a value is part of the value.'),
  NBSP: warning('A no-break space or the like is no blank; it becomes part of the key or the value.'),
  HOME_TILDE: warning('A ~ at the start of a path is no home directory.'),
  NON_ASCII_VALUE: info('Characters beyond ASCII in a value; Flume would garble them.'),
  PLACEHOLDER: warning('A placeholder of a template was left in.'),
  TRAIL_WS: info('Blanks behind a value; they are cut off.'),
  CRLF: info('The lines end as on Windows.'),
  CJK: info('There is Chinese, Japanese or Korean text.'),
  NO_FINAL_NEWLINE: info('The last line has no end.'),
  CONT_LINE: info('A line goes on behind a backslash.'),
  MULTI_AGENT: info('There are several agents.'),
  EXTRA_JARS: info('Flume would need extra libraries for this type.'),
  FILE_CH_DEFAULT_DIRS: info(
    'A file or spillable channel keeps its data in the home directory; two such agents collide.'
  )
} as const satisfies Record<string, CodeEntry>

export type FindingCode = keyof typeof FINDING_CODES
