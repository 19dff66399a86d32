// Findings of single lines: what has to be said, and what must not.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadConfiguration } from '../../config/load.ts'
import { SMALL_AGENT } from '../../testing/small-agent.ts'
import { registry } from '../registry.ts'

async function codesOf(text: string): Promise<string[]> {
  const { findings } = await loadConfiguration([{ file: 'x.conf', text }], {
    catalog: registry,
    variables: {},
    properties: {}
  })
  return findings
    .filter(({ code }) => code !== 'NOT_IN_THIS_VERSION')
    .map(({ code, line }) => `${code}:${line}`)
}

const SOURCE = (...lines: string[]): string =>
  SMALL_AGENT.replace('a1.sources.r1.type = seq\n', lines.map(line => `a1.sources.r1.${line}\n`).join(''))
const SINK = (...lines: string[]): string =>
  SMALL_AGENT.replace('a1.sinks.k1.type = null\n', lines.map(line => `a1.sinks.k1.${line}\n`).join(''))
const CHANNEL = (...lines: string[]): string =>
  SMALL_AGENT.replace(
    'a1.channels.c1.type = memory\n',
    lines.map(line => `a1.channels.c1.${line}\n`).join('')
  )

for (const { name, text, codes } of [
  {
    name: 'a serializer that the sink does not read is ignored, whatever it names',
    text: SINK(
      'type = org.apache.flume.sink.kafka.KafkaSink',
      'kafka.bootstrap.servers = h:1',
      'serializer = com.example.S'
    ),
    codes: ['UNK_PROP:9']
  },
  {
    name: 'a serializer of a sink without a channel is never looked for',
    text: SINK('type = hdfs', 'hdfs.path = /x', 'hdfs.fileType = DataStream', 'serializer = com.example.S')
      .replace('k1.channel = c1', 'k1.channel = c9')
      .replaceAll(
        'a1.sinks.k1.hdfs.path',
        'a1.sinks.k1.hdfs.rollSize = 0\na1.sinks.k1.hdfs.rollCount = 0\na1.sinks.k1.hdfs.rollInterval = 9\na1.sinks.k1.hdfs.path'
      ),
    codes: ['CHANNEL_NO_SINK:6', 'UNDECLARED_CHANNEL:14']
  },
  {
    name: 'a variable that nothing has asks for no shell',
    text: SOURCE('type = exec', 'command = cat ${LOG}'),
    codes: ['UNRESOLVED_VARIABLE:5']
  },
  {
    name: 'what only a shell understands asks for one',
    text: SOURCE('type = exec', 'command = cat $HOME/x'),
    codes: ['EXEC_NEEDS_SHELL:5']
  },
  {
    name: 'an endless tail is one by any path and option, and only that',
    text: SOURCE('type = exec', 'command = /usr/bin/tail -n 0 --follow=name /x'),
    codes: ['TAIL_F:5']
  },
  {
    name: 'the option of another command makes no endless tail',
    text: SOURCE('type = exec', 'command = tail /x', 'shell = /bin/sh -c', 'restartThrottle = 1'),
    codes: []
  },
  {
    name: 'what works without standing in the guide is noted',
    text: SINK(
      'type = hive',
      'hive.metastore = thrift://h:1',
      'hive.database = d',
      'hive.table = t',
      'serializer = JSON',
      'idleTimeout = 1'
    ),
    codes: ['EXTRA_JARS:7', 'UNDOC_PROP:12']
  },
  {
    name: 'a handler of the morphline module needs its libraries',
    text: SOURCE('type = http', 'port = 1', 'handler = org.apache.flume.sink.solr.morphline.BlobHandler'),
    codes: ['EXTRA_JARS:6']
  },
  {
    name: 'the port of a NameNode is seen between variables that leave no address',
    text: SINK(
      'type = hdfs',
      'hdfs.path = hdfs://${H}:9000${P}',
      'hdfs.fileType = DataStream',
      'hdfs.rollInterval = 9',
      'hdfs.rollSize = 0',
      'hdfs.rollCount = 0'
    ),
    codes: ['UNRESOLVED_VARIABLE:8', 'BAD_VALUE:8', 'HDFS_PORT_9000:8']
  },
  {
    name: 'a roll size that is refused has no effect of the default told',
    text: SINK(
      'type = hdfs',
      'hdfs.path = /x',
      'hdfs.fileType = DataStream',
      'hdfs.rollInterval = 0',
      'hdfs.rollSize = 128MB',
      'hdfs.rollCount = 0'
    ),
    codes: ['BAD_NUMBER:11']
  },
  {
    name: 'a capacity that is refused takes along what its default is too small for',
    text: CHANNEL('type = memory', 'capacity = 10k', 'transactionCapacity = 1000'),
    codes: ['BAD_NUMBER:7']
  },
  {
    name: 'a spillable channel without folders keeps its events in the home directory',
    text: CHANNEL('type = SPILLABLEMEMORY'),
    codes: ['FILE_CH_DEFAULT_DIRS:6']
  },
  {
    name: 'a spillable channel that never spills keeps nothing there',
    text: CHANNEL('type = SPILLABLEMEMORY', 'overflowCapacity = 0'),
    codes: []
  },
  {
    name: 'a no-break space in a list is named, and nothing that follows from it',
    text: SMALL_AGENT.replace('a1.sources = r1', 'a1.sources = r1\u00a0r2'),
    codes: ['NBSP:1', 'CHANNEL_NO_SOURCE:6']
  },
  {
    name: 'a no-break space behind a number is named',
    text: SOURCE('type = netcat', 'bind = localhost', 'port = 1\u00a0'),
    codes: ['NBSP:6']
  },
  {
    name: 'a no-break space behind a key is named',
    text: SOURCE('type = netcat', 'bind = localhost', 'port\u00a0= 1'),
    codes: ['NBSP:6']
  },
  {
    name: 'characters beyond ASCII are noted beside a no-break space',
    text: SOURCE('type = netcat', 'bind = höst\u00a0', 'port = 1'),
    codes: ['NBSP:5', 'NON_ASCII_VALUE:5']
  }
]) {
  test(name, async () => {
    assert.deepEqual(await codesOf(text), codes)
  })
}

const X = 'X'.repeat(3)

for (const value of [
  '<>',
  '<host>',
  [X, X, X, X].join('.'),
  X.toLowerCase(),
  'YYYY',
  '__FILL_IN__',
  'http://x.{region}.example.org/',
  '{region}',
  '{{ host }}',
  '@HOST@',
  'tcp://@HOST@:1',
  'hdfs://<namenode>:8020/x',
  'CHANGE_ME',
  '[required]'
]) {
  test(`${value} is a placeholder`, async () => {
    const { length } = (await codesOf(SOURCE('type = netcat', 'port = 1', `bind = ${value}`))).filter(code =>
      code.startsWith('PLACEHOLDER')
    )

    assert.equal(length, 1)
  })
}

for (const line of [
  'sinks.k1.hdfs.path = /x/%{host}/%Y',
  'sinks.k1.hdfs.path = http://x/%{host}',
  'sources.r1.interceptors.i.regex = <table>([^<]*)</table>',
  'sources.r1.deserializer.eventEndRegex = <record>x{2}',
  'sources.r1.x = </record>',
  'sources.r1.interceptors.i.serializers.s.pattern = YYYY',
  'sources.r1.x = user@host.example.org',
  `sources.r1.x = com.${X.toLowerCase()}.bigdata.Y`,
  'sources.r1.x = __proto__',
  'sources.r1.x = hadoop'
]) {
  test(`${line} holds no placeholder`, async () => {
    const codes = await codesOf(`${SMALL_AGENT}a1.${line}\n`)

    assert.deepEqual(
      codes.filter(code => code.startsWith('PLACEHOLDER')),
      []
    )
  })
}

test('a charset that Java has is told from what is none', async () => {
  const messagesOf = async (encoding: string): Promise<string[]> => {
    const text = SOURCE('type = netcat', 'bind = localhost', 'port = 1', `encoding = ${encoding}`)
    const options = { catalog: registry, variables: {}, properties: {} }
    const { findings } = await loadConfiguration([{ file: 'x', text }], options)
    return findings.filter(({ level }) => level === 'error').map(({ code, message }) => `${code} ${message}`)
  }

  assert.deepEqual(await messagesOf('x-IBM930'), [
    'NOT_IN_THIS_VERSION encoding is "x-IBM930", which Java has and this version does not.'
  ])
  assert.deepEqual(await messagesOf('klingon'), [
    'BAD_VALUE encoding is "klingon", which is not a character set.'
  ])
})

for (const { type, hint } of [
  { type: 'org.keedio.flume.source.SQLSource', hint: /^Name a built-in source/ },
  {
    type: 'com.cloudera.flume.source.TwitterSource',
    hint: /^Did you mean org\.apache\.flume\.source\.twitter\.TwitterSource\?$/
  },
  {
    type: 'org.apache.flume.source.ExecSorce',
    hint: /^Did you mean org\.apache\.flume\.source\.ExecSource\?$/
  }
]) {
  test(`${type} is answered with what was meant, if anything`, async () => {
    const options = { catalog: registry, variables: {}, properties: {} }
    const { findings } = await loadConfiguration([{ file: 'x', text: SOURCE(`type = ${type}`) }], options)

    assert.match(findings.find(({ code }) => code === 'CUSTOM_CLASS')?.hint ?? '', hint)
  })
}
