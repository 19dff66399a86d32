import { wordsOf } from '../core/words.ts'
import type { AgentText } from './agent-text.ts'
import type { CheckedAgent } from './checked-agent.ts'
import type { CheckedSource } from './check-sources.ts'
import type { Property } from './finding.ts'
import type { Findings } from './findings.ts'

/** `tail`, perhaps by its path or in quotes, and an option that makes it go on. */
const TAIL = /(?:^|[/"'`(])tail$/
const FOLLOWING = /^(?:-\w*[fF]\w*|--follow(?:=\w+)?|--retry)(?:$|["'])/
/** What a shell would act on. A variable in braces is the configuration's, and told as unresolved. */
const SHELL_SYNTAX = /(?:^|\s)~|[|<>;&`*]|\$[A-Za-z_(]/
const OWN_DESERIALIZERS = [
  'line',
  'avro',
  'org.apache.flume.serialization.LineDeserializer$Builder',
  'org.apache.flume.serialization.AvroEventDeserializer$Builder',
  'org.apache.flume.sink.solr.morphline.BlobDeserializer$Builder'
]
const OWN_HANDLERS = [
  'org.apache.flume.source.http.JSONHandler',
  'org.apache.flume.source.http.BLOBHandler',
  'org.apache.flume.sink.solr.morphline.BlobHandler'
]

/** Says what is dangerous or strange in the sources. */
export function lintSources(agent: AgentText, { sources, sinks }: CheckedAgent, findings: Findings): void {
  for (const source of sources.values()) {
    if (source.type === 'exec') lintExec(agent, source, findings)
    if (source.type === 'kafka') lintKafka(agent, source, findings)
    lintPlugIns(agent, source, findings)
  }
  for (const sink of sinks.values()) {
    const serializer = sink.text?.properties.get('serializer')
    if (
      sink.known === undefined ||
      sink.known.removed === true ||
      sink.channel === '' ||
      serializer === undefined ||
      !/(?:^|\s)serializer!?(?:\s|$)/.test(sink.known.keys) ||
      isFlumes(serializer.value, sink.type)
    )
      continue
    findings.add('CUSTOM_SERIALIZER', {
      at: serializer,
      key: serializer.key,
      message: `${serializer.value} is a third-party Java class and cannot be loaded.`,
      hint: 'Name a serializer that the manual lists for this sink.'
    })
  }
}

const FLUMES_SERIALIZERS = new RegExp(
  '^org\\.apache\\.flume\\.(?:sink\\.hbase2?\\.(?:Simple|Regex)(?:HBase2?|AsyncHbase|Hbase)EventSerializer' +
    '|sink\\.hive\\.Hive(?:DelimitedText|Json)Serializer|sink\\.elasticsearch\\.ElasticSearch(?:LogStashEvent|Dynamic)Serializer)$',
  'i'
)

function isFlumes(serializer: string, sinkType: string): boolean {
  return (
    FLUMES_SERIALIZERS.test(serializer) || (sinkType === 'hive' && /^(?:delimited|json)$/i.test(serializer))
  )
}

function tailsForEver(command: string): boolean {
  return command.split(/[|;&]/).some(part => {
    const words = wordsOf(part)
    const tail = words.findIndex(word => TAIL.test(word))
    return tail >= 0 && words.slice(tail + 1).some(word => FOLLOWING.test(word))
  })
}

function lintExec(agent: AgentText, { name, text }: CheckedSource, findings: Findings): void {
  const command = text?.properties.get('command')
  if (text === undefined || command === undefined) return
  const { key, value } = command
  if (tailsForEver(value)) {
    findings.add('TAIL_F', {
      at: command,
      key,
      message: `${name} runs tail -f: what is written while the agent or its channel stands still is lost.`,
      hint: `Use ${agent.name}.sources.${name}.type = TAILDIR, which remembers its place.`
    })
  }
  if (
    !text.properties.has('shell') &&
    SHELL_SYNTAX.test(value) &&
    !/^(?:\/bin\/)?(?:ba|z|k)?sh\s/.test(value)
  ) {
    findings.add('EXEC_NEEDS_SHELL', {
      at: command,
      key,
      message: `The command of ${name} uses signs that only a shell understands, but it runs without one.`,
      hint: `Add ${agent.name}.sources.${name}.shell = /bin/sh -c.`
    })
  }
}

function lintKafka(agent: AgentText, { name, text }: CheckedSource, findings: Findings): void {
  const zooKeeper = text?.properties.get('zookeeperConnect')
  if (zooKeeper === undefined || text?.properties.has('kafka.bootstrap.servers') === true) return
  findings.add('KAFKA_ZK_ONLY', {
    at: zooKeeper,
    key: zooKeeper.key,
    message: `${name} names ZooKeeper but no broker; Kafka 4 has no ZooKeeper to ask.`,
    hint: `Write ${agent.name}.sources.${name}.kafka.bootstrap.servers = host:9092.`
  })
}

/** Flume's own class that lies in a module which needs libraries that Flume does not bring. */
function reportJars(property: Property | undefined, findings: Findings): void {
  if (property?.value.startsWith('org.apache.flume.sink.solr.morphline.') !== true) return
  findings.add('EXTRA_JARS', {
    at: property,
    key: property.key,
    message: `Flume would need extra libraries for ${property.value}.`
  })
}

/** Classes that are named by other keys than `type`. */
function lintPlugIns(agent: AgentText, { name, text, type }: CheckedSource, findings: Findings): void {
  const deserializer = type === 'spooldir' ? text?.properties.get('deserializer') : undefined
  reportJars(deserializer, findings)
  if (
    deserializer !== undefined &&
    !OWN_DESERIALIZERS.includes(deserializer.value) &&
    !OWN_DESERIALIZERS.includes(deserializer.value.toLowerCase())
  ) {
    findings.add('CUSTOM_DESERIALIZER', {
      at: deserializer,
      key: deserializer.key,
      message: `${deserializer.value} is a third-party Java class and cannot be loaded; ${name} cannot run.`,
      hint: 'Write LINE or AVRO.'
    })
  }
  const handler = type === 'http' ? text?.properties.get('handler') : undefined
  reportJars(handler, findings)
  if (handler !== undefined && !OWN_HANDLERS.includes(handler.value)) {
    findings.add('CUSTOM_CLASS', {
      at: handler,
      key: handler.key,
      message: `${handler.value} is a third-party Java class and cannot be loaded; ${name} cannot run.`,
      hint: `Remove the line ${agent.name}.sources.${name}.handler to take JSON, or name org.apache.flume.source.http.BLOBHandler.`
    })
  }
}
