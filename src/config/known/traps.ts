import type { Problem, Properties, Written } from '../../core/component.ts'
import { wordsOf } from '../../core/words.ts'

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

/** An exec source that loses events, or whose command needs a shell. */
export function execTraps({ name, prefix, properties }: Written): Problem[] {
  const { command, shell } = properties
  if (command === undefined) return []
  const found: Problem[] = []
  if (tailsForEver(command)) {
    found.push({
      ...warning('TAIL_F', 'command'),
      message: `${name} runs tail -f: what is written while the agent or its channel stands still is lost.`,
      hint: `Use ${prefix}type = TAILDIR, which remembers its place.`
    })
  }
  if (shell === undefined && SHELL_SYNTAX.test(command) && !/^(?:\/bin\/)?(?:ba|z|k)?sh\s/.test(command)) {
    found.push({
      ...warning('EXEC_NEEDS_SHELL', 'command'),
      message: `The command of ${name} uses signs that only a shell understands, but it runs without one.`,
      hint: `Add ${prefix}shell = /bin/sh -c.`
    })
  }
  return found
}

function tailsForEver(command: string): boolean {
  return command.split(/[|;&]/).some(part => {
    const words = wordsOf(part)
    const tail = words.findIndex(word => TAIL.test(word))
    return tail >= 0 && words.slice(tail + 1).some(word => FOLLOWING.test(word))
  })
}

/** A deserializer of a spooldir source that nobody can load. */
export function deserializerTraps({ name, properties: { deserializer } }: Written): Problem[] {
  if (deserializer === undefined) return []
  const jars = extraJars('deserializer', deserializer)
  if (OWN_DESERIALIZERS.includes(deserializer) || OWN_DESERIALIZERS.includes(deserializer.toLowerCase()))
    return jars
  return [
    ...jars,
    cannotLoad('CUSTOM_DESERIALIZER', 'deserializer', deserializer, { name, hint: 'Write LINE or AVRO.' })
  ]
}

/** A handler of an http source that nobody can load. */
export function handlerTraps({ name, prefix, properties: { handler } }: Written): Problem[] {
  if (handler === undefined) return []
  const jars = extraJars('handler', handler)
  if (OWN_HANDLERS.includes(handler)) return jars
  const hint = `Remove the line ${prefix}handler to take JSON, or name org.apache.flume.source.http.BLOBHandler.`
  return [...jars, cannotLoad('CUSTOM_CLASS', 'handler', handler, { name, hint })]
}

const FLUMES_SERIALIZERS = new RegExp(
  '^org\\.apache\\.flume\\.(?:sink\\.hbase2?\\.(?:Simple|Regex)(?:HBase2?|AsyncHbase|Hbase)EventSerializer' +
    '|sink\\.hive\\.Hive(?:DelimitedText|Json)Serializer)$',
  'i'
)

/** A serializer of a sink that nobody can load; `own` are its short names. */
export function serializerTraps({ serializer }: Properties, own: readonly string[] = []): Problem[] {
  if (serializer === undefined || FLUMES_SERIALIZERS.test(serializer)) return []
  if (own.includes(serializer.toLowerCase())) return []
  return [
    {
      level: 'error',
      code: 'CUSTOM_SERIALIZER',
      key: 'serializer',
      message: `${serializer} is a third-party Java class and cannot be loaded.`,
      hint: 'Name a serializer that the manual lists for this sink.'
    }
  ]
}

/** A multiplexing selector that leaves events without a way. */
export function routeTraps({ prefix, properties }: Written): Problem[] {
  const found: Problem[] = []
  if (!Object.keys(properties).some(key => key.startsWith('mapping.'))) {
    found.push({
      ...warning('SELECTOR_NO_MAPPING', 'mapping'),
      message: 'The multiplexing selector has no mapping; every event takes the default.',
      hint: `Add ${prefix}mapping.VALUE = CHANNEL.`
    })
  }
  if (properties['default'] === undefined) {
    found.push({
      ...warning('SELECTOR_NO_DEFAULT', 'default'),
      message: 'The multiplexing selector has no default; events that match no mapping are dropped silently.',
      hint: `Add ${prefix}default = CHANNEL.`
    })
  }
  return found
}

function warning(code: string, key: string): { level: 'warning'; code: string; key: string } {
  return { level: 'warning', code, key }
}

function cannotLoad(
  code: string,
  key: string,
  javaClass: string,
  { name, hint }: { name: string; hint: string }
): Problem {
  const message = `${javaClass} is a third-party Java class and cannot be loaded; ${name} cannot run.`
  return { level: 'error', code, key, message, hint }
}

/** Flume's own class that lies in a module which needs libraries that Flume does not bring. */
function extraJars(key: string, javaClass: string): Problem[] {
  if (!javaClass.startsWith('org.apache.flume.sink.solr.morphline.')) return []
  const message = `Flume would need extra libraries for ${javaClass}.`
  return [{ level: 'info', code: 'EXTRA_JARS', key, message, hint: '' }]
}
