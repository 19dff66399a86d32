// Which quotes are said to become part of a value.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadConfiguration } from '../../config/load.ts'
import { registry } from '../registry.ts'

const AGENT = `a1.sources = r1
a1.channels = c1
a1.sinks = k1
a1.channels.c1.type = memory
`

/** Keys of the findings, without the agent. */
async function quotedKeys(lines: readonly string[]): Promise<string[]> {
  const text = `${AGENT}${lines.map(line => `a1.${line}\n`).join('')}`
  const { findings } = await loadConfiguration([{ file: 'x.conf', text }], {
    catalog: registry,
    variables: {},
    properties: {}
  })
  return findings.filter(({ code }) => code === 'QUOTED_VALUE').map(({ key }) => key.slice('a1.'.length))
}

const STATIC = ['sources.r1.interceptors = i', 'sources.r1.interceptors.i.type = static']
const HIVE = ['sinks.k1.type = hive']
const HBASE = ['sinks.k1.type = org.apache.flume.sink.hbase.HBaseSink']
const EXEC = ['sources.r1.type = exec']

for (const { name, lines, keys } of [
  {
    name: 'quotes around a header value',
    lines: [...STATIC, 'sources.r1.interceptors.i.value = "web 1"', "sources.r1.interceptors.i.key = 'host'"],
    keys: ['sources.r1.interceptors.i.value', 'sources.r1.interceptors.i.key']
  },
  {
    name: 'quotes around everything, the type included',
    lines: ['sources.r1.type = "netcat"', 'sources.r1.bind = "::1"'],
    keys: ['sources.r1.type', 'sources.r1.bind']
  },
  {
    name: 'quotes with a comment behind them, and around one',
    lines: [
      ...STATIC,
      'sources.r1.interceptors.i.value = "web 1" # here',
      'sources.r1.interceptors.i.key = "host # name"'
    ],
    keys: ['sources.r1.interceptors.i.value', 'sources.r1.interceptors.i.key']
  },
  {
    name: 'the other sign between the quotes',
    lines: [...STATIC, 'sources.r1.interceptors.i.value = "it\'s"'],
    keys: ['sources.r1.interceptors.i.value']
  },
  {
    name: 'a regular expression that begins and ends with a quote',
    lines: [
      'sources.r1.interceptors = i',
      'sources.r1.interceptors.i.type = regex_filter',
      'sources.r1.interceptors.i.regex = "type":"(\\\\w+)"'
    ],
    keys: []
  },
  {
    name: 'what the Hive sink takes away itself, by type or by class',
    lines: [
      ...HIVE,
      'sinks.k1.serializer.delimiter = "\\t"',
      "sinks.k1.serializer.serdeSeparator = '\\t'",
      'sinks = k1 k2',
      'sinks.k2.type = org.apache.flume.sink.hive.HiveSink',
      'sinks.k2.serializer.delimiter = ","'
    ],
    keys: []
  },
  {
    name: 'what the Hive sink does not take away',
    lines: [
      ...HIVE,
      "sinks.k1.serializer.delimiter = ','",
      'sinks.k1.serializer.serdeSeparator = ","',
      'sinks.k1.hive.table = "t"'
    ],
    keys: ['sinks.k1.serializer.delimiter', 'sinks.k1.serializer.serdeSeparator', 'sinks.k1.hive.table']
  },
  {
    name: 'a delimiter in Hive’s quotes, of another sink',
    lines: ['sinks.k1.type = file_roll', 'sinks.k1.serializer.delimiter = ","'],
    keys: ['sinks.k1.serializer.delimiter']
  },
  {
    name: 'what the sink of a strange serializer reads, but not what that reads',
    lines: [
      ...HBASE,
      'sinks.k1.table = "t"',
      'sinks.k1.serializer = com.example.JsonSerializer',
      "sinks.k1.serializer.metric.column = 'M'"
    ],
    keys: ['sinks.k1.table']
  },
  {
    name: 'what a strange source, interceptor or deserializer reads',
    lines: [
      'sources = r1 r2',
      'sources.r1.type = com.example.SqlSource',
      "sources.r1.query = 'a'",
      'sources.r2.type = spooldir',
      'sources.r2.deserializer = org.apache.flume.external.XmlDeserializer$Builder',
      "sources.r2.deserializer.path = '/a'",
      'sources.r2.interceptors = i',
      'sources.r2.interceptors.i.type = org.apache.flume.analytics.TopNInterceptor$Builder',
      'sources.r2.interceptors.i.by = "a"'
    ],
    keys: []
  },
  {
    name: 'what a strange class reads in a component that is in no list, or inside another part',
    lines: [
      'sinks.k9.type = com.example.MongoSink',
      'sinks.k9.filter = "a"',
      'sources.r1.interceptors = i',
      'sources.r1.interceptors.i.type = regex_extractor',
      'sources.r1.interceptors.i.serializers.s.type = com.example.DateSerializer',
      "sources.r1.interceptors.i.serializers.s.pattern = 'at'"
    ],
    keys: []
  },
  {
    name: 'a command in quotes that no shell reads',
    lines: [...EXEC, "sources.r1.command = '/opt/run'"],
    keys: ['sources.r1.command']
  },
  {
    name: 'a command that a shell reads',
    lines: [...EXEC, 'sources.r1.shell = /bin/sh -c', "sources.r1.command = '/opt/run'"],
    keys: []
  },
  {
    name: 'a whole command line in quotes, which even a shell takes for one word',
    lines: [...EXEC, 'sources.r1.shell = /bin/sh -c', 'sources.r1.command = "tail -n 1 /x"'],
    keys: ['sources.r1.command']
  }
]) {
  test(`quotes are ${keys.length === 0 ? 'passed over' : 'reported'}: ${name}`, async () => {
    assert.deepEqual(await quotedKeys(lines), keys)
  })
}
