import { parseJavaBoolean, parseJavaLong } from '../core/numbers.ts'
import type { AgentText } from './agent-text.ts'
import type { CheckedAgent } from './checked-agent.ts'
import type { CheckedSink } from './check-sinks.ts'
import type { CheckedSource } from './check-sources.ts'
import type { Property } from './finding.ts'
import type { Findings } from './findings.ts'

type Given = ReadonlyMap<string, Property>

/** Says where the HDFS sink's defaults or a path surprise. */
export function lintHdfs(agent: AgentText, checked: CheckedAgent, findings: Findings): void {
  for (const sink of checked.sinks.values()) {
    if (sink.type !== 'hdfs' || sink.text === undefined) continue
    const { properties } = sink.text
    lintRolling(agent, sink, properties, findings)
    lintPath(properties, findings)
    lintTimestamp(agent, sink, checked, findings)
    if (!properties.has('hdfs.fileType')) {
      findings.add('HDFS_DEFAULT_SEQUENCEFILE', {
        at: sink.at,
        key: `${agent.name}.sinks.${sink.name}.hdfs.fileType`,
        message: `${sink.name} writes binary SequenceFiles, the default.`,
        hint: 'Write hdfs.fileType = DataStream for text.'
      })
    }
    for (const key of ['hdfs.callTimeout', 'hdfs.useRawLocalFileSystem']) {
      const property = properties.get(key)
      if (property !== undefined)
        findings.add('UNDOC_PROP', {
          at: property,
          key: property.key,
          message: `${key} works, although Flume’s guide does not list it or calls it deprecated.`
        })
    }
  }
}

const TRIGGERS = [
  ['rollInterval', 30, 's'],
  ['rollSize', 1024, 'bytes'],
  ['rollCount', 10, 'events']
] as const

function lintRolling(agent: AgentText, sink: CheckedSink, properties: Given, findings: Findings): void {
  const key = `${agent.name}.sinks.${sink.name}.hdfs.`
  // What is refused has its own finding; nothing is said of what the default would do.
  const value = (name: string, otherwise: number): number => {
    const given = properties.get(`hdfs.${name}`)?.value
    return given === undefined ? otherwise : Number(parseJavaLong(given) ?? NaN)
  }
  const left = TRIGGERS.filter(([name]) => !properties.has(`hdfs.${name}`))
  if (left.length > 0) {
    findings.add('HDFS_DEFAULT_ROLL', {
      at: sink.at,
      key: `${key}${left[0]?.[0] ?? ''}`,
      message: `${sink.name} rolls files by ${left.map(([name, otherwise, unit]) => `${name} = ${otherwise} ${unit}`).join(', ')}, the default.`,
      hint: `Set ${left.map(([name]) => `${key}${name}`).join(', ')}; 0 switches a trigger off.`
    })
  }
  const [size, count] = [value('rollSize', 1024), value('rollCount', 10)]
  if ((count > 0 && count <= 10) || (size > 0 && size <= 1024)) {
    findings.add('HDFS_SMALL_FILES', {
      at: sink.at,
      key: `${key}rollCount`,
      message: `${sink.name} begins a new file ${count > 0 && count <= 10 ? `every ${count} events` : `every ${size} bytes`}; that floods the file system.`,
      hint: 'Set hdfs.rollCount = 0 and hdfs.rollSize to about the block size, 134217728.'
    })
  }
  if (size <= 0 && count <= 0 && value('rollInterval', 30) <= 0 && value('idleTimeout', 0) <= 0) {
    findings.add('HDFS_NEVER_ROLLS', {
      at: sink.at,
      key: `${key}rollInterval`,
      message: `Nothing ever closes a file of ${sink.name}; it keeps its in-use name until the agent stops.`,
      hint: 'Set hdfs.rollInterval, hdfs.rollSize, hdfs.rollCount or hdfs.idleTimeout above 0.'
    })
  }
}

function lintPath(properties: Given, findings: Findings): void {
  const path = properties.get('hdfs.path')
  if (path === undefined) return
  if (/^s3n:/i.test(path.value)) {
    findings.add('S3N_SCHEME', {
      at: path,
      key: path.key,
      message: 'The scheme s3n: was removed from Hadoop.',
      hint: 'Write s3a://.'
    })
  }
  if (/^hdfs:\/\/[^/]*:9000(?!\d)/i.test(path.value)) {
    findings.add('HDFS_PORT_9000', {
      at: path,
      key: path.key,
      message: 'The NameNode is addressed on port 9000; current clusters use 8020.',
      hint: 'Check fs.defaultFS in core-site.xml.'
    })
  }
}

const TIME_ESCAPE = /%[aAbBcdeDHkIljmnMpsStyYz]/

function lintTimestamp(
  agent: AgentText,
  sink: CheckedSink,
  { sources, channels }: CheckedAgent,
  findings: Findings
): void {
  const properties = sink.text?.properties
  const escaped = ['hdfs.path', 'hdfs.filePrefix']
    .map(key => properties?.get(key))
    .find(property => property !== undefined && TIME_ESCAPE.test(property.value))
  if (escaped === undefined || parseJavaBoolean(properties?.get('hdfs.useLocalTimeStamp')?.value ?? ''))
    return
  const feeding = [...sources.values()].filter(source => source.channels.includes(sink.channel))
  const answers = feeding.map(suppliesTimestamp)
  if (feeding.length === 0 && channels.get(sink.channel)?.type === 'kafka') answers.push('perhaps')
  const [code, who] =
    answers.includes('no') || answers.length === 0
      ? (['HDFS_NO_TIMESTAMP', 'nothing sets it'] as const)
      : (['HDFS_TIMESTAMP_UPSTREAM?', 'it must come with the events'] as const)
  if (answers.length > 0 && answers.every(answer => answer === 'yes')) return
  findings.add(code, {
    at: escaped,
    key: escaped.key,
    message: `${escaped.key} has time escapes, which need the header timestamp; ${who}.`,
    hint: `Write ${agent.name}.sinks.${sink.name}.hdfs.useLocalTimeStamp = true, or add a timestamp interceptor to the source.`
  })
}

/** Sources that never set a timestamp themselves. */
const WITHOUT = ['netcat', 'netcatudp', 'exec', 'spooldir', 'taildir', 'seq', 'stress', 'scribe', 'twitter']
const WITH = ['kafka', 'syslogtcp', 'syslogudp', 'multiport_syslogtcp', 'avrolegacy', 'thriftlegacy']

function suppliesTimestamp(source: CheckedSource): 'yes' | 'no' | 'perhaps' {
  if (WITH.includes(source.type) || source.type.endsWith('.TwitterSource') || setsTimestamp(source))
    return 'yes'
  const strange = source.interceptors.some(
    ({ type }) => type === 'morphline' || !OWN_INTERCEPTORS.includes(type)
  )
  return WITHOUT.includes(source.type) && !strange ? 'no' : 'perhaps'
}

const OWN_INTERCEPTORS = [
  'timestamp',
  'host',
  'static',
  'remove_header',
  'search_replace',
  'regex_filter',
  'regex_extractor',
  'uuid'
]

function setsTimestamp(source: CheckedSource): boolean {
  return source.interceptors.some(({ type, properties }) => {
    if (type === 'timestamp') return (properties['headerName'] ?? 'timestamp') === 'timestamp'
    if (type === 'static') return properties['key'] === 'timestamp'
    return (
      type === 'regex_extractor' &&
      Object.entries(properties).some(
        ([key, value]) => /^serializers\..+\.name$/.test(key) && value === 'timestamp'
      )
    )
  })
}
