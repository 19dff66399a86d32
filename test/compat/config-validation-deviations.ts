// Rows of config-validation.jsonl.gz in which this agent does something else than Flume on purpose, and why. Those of one
// component stand in its folder, in fixtures/deviations.json.
const CLASS =
  'a Java class is third-party: its part is reported so and left out, what hangs on it stays in the report'
const NOT_RECORDED =
  'the recording had no library for it; here it is a type of another version, judged by its settings'
const SHORT_NAME = 'a short name that Flume lacks is understood'
const LOAD_BALANCING = 'works as Flume’s guide says, Flume drops the source'
const BLANKS = 'lists of a selector are split on any blanks'
const LENIENT = 'an interceptor may be named without $Builder, and uuid by its short name'
const LATER = 'the settings are judged by the component itself, which this version does not have'
const ONE_PART = 'a mistake in one group or agent does not take the rest along'
const DEFAULT_PROCESSOR = 'one sink without processor.type gets the default processor, as the guide says'
const NAME_CLASH = 'a lone sink that is named like a group runs'
const ALONE = 'sinks of a group that cannot be made run alone instead of being lost'
const STRICT = 'a value that cannot work is refused at load, where Flume fails later or behaves strangely'
const EXTENSION = 'the text counts, not the extension of its file'

/** Reason by name of the row. */
export const DEVIATIONS: Readonly<Record<string, string>> = {
  'sources-config-stub-unknown': CLASS,
  'sinks-config-stub-unknown': CLASS,
  'selector-unknown': CLASS,
  'selector-unknown-fqcn': CLASS,
  'selector-fqcn-wrong-case': CLASS,
  'selector-not-a-selector': CLASS,
  'interceptor-fqcn-no-builder': LENIENT,
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
  'file-agent.xml': EXTENSION
}

/** The same for types that this version does not have; of no account as soon as one has a folder. */
export const DEVIATIONS_OF_ABSENT: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'sink kafka': { 'sink-type-kafka': SHORT_NAME },
  'sink kudu': { 'sink-type-kudu': SHORT_NAME },
  'sink hbase': { 'sink-type-hbase': NOT_RECORDED },
  'sink hbase2': { 'sink-type-hbase2': NOT_RECORDED },
  'sink asynchbase': { 'sink-type-asynchbase': NOT_RECORDED },
  'sink hive': { 'sink-type-hive': NOT_RECORDED },
  'sink elasticsearch': { 'sink-type-elasticsearch': NOT_RECORDED },
  'sink dataset': { 'sink-type-dataset': SHORT_NAME },
  'source kafka': { 'source-type-kafka': SHORT_NAME },
  'source twitter': { 'source-type-twitter': SHORT_NAME },
  'source embedded': { 'source-type-embedded': SHORT_NAME },
  'selector load_balancing': {
    'selector-load_balancing': LOAD_BALANCING,
    'selector-load_balancing-fqcn': LOAD_BALANCING
  },
  'selector multiplexing': { 'selector-multiplexing-tab-list': BLANKS },
  'interceptor uuid': { 'interceptor-uuid-alias': LENIENT },
  'interceptor regex_extractor': {
    'interceptor-regex_extractor-no-name': LATER,
    'interceptor-regex_extractor-unknown-ser': LATER,
    'interceptor-regex_extractor-millis-bad-pattern': LATER,
    'interceptor-regex_extractor-second-unnamed': LATER
  },
  'interceptor search_replace': {
    'interceptor-search_replace-bad-charset': LATER,
    'interceptor-search_replace-ok': STRICT
  },
  'source spooldir': { 'spooldir-ignorePattern-bad': STRICT, 'spooldir-includePattern-bad': STRICT },
  'source taildir': { 'taildir-bad-regex': STRICT },
  'processor load_balance': { 'group-lb-selector-bad': LATER },
  'source thrift': { 'src-thrift-kerberos=TRUE': LATER },
  'source http': { 'http-handler-unknown': LATER },
  'source multiport_syslogtcp': { 'multiport-charset-bad': LATER, 'multiport-charset-port-nan': LATER }
}
