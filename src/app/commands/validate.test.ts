import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Environment } from '../../core/contracts.ts'
import { SMALL_AGENT } from '../../testing/small-agent.ts'
import { registry } from '../registry.ts'
import { validate } from './validate.ts'

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'validate-'))
})
after(() => rm(folder, { recursive: true }))

async function run(
  text: string | undefined,
  options: { agent?: string; json?: boolean; strict?: boolean; environment?: Partial<Environment> } = {}
) {
  const file = join(folder, 'agent.conf')
  if (text === undefined) await rm(file, { force: true })
  else await writeFile(file, text)
  const printed: string[] = []
  const code = await validate({
    files: [file],
    agent: options.agent,
    json: options.json ?? false,
    strict: options.strict ?? false,
    colour: false,
    environment: { variables: {}, properties: {}, configDirectory: undefined, ...options.environment },
    catalog: registry,
    print: line => {
      printed.push(line)
    }
  })
  return { code, file, text: printed.join('\n') }
}

test('a good configuration ends with 0 and one line', async () => {
  const { code, text } = await run(SMALL_AGENT)

  assert.deepEqual({ code, text }, { code: 0, text: 'a1: ready to run; 3 of 3 components run; no findings' })
})

test('an error ends with 1 and says where and what to write', async () => {
  const { code, text, file } = await run(SMALL_AGENT.replace('k1.channel = c1', 'k1.channel = c2'))

  assert.equal(code, 1)
  assert.ok(
    text.includes(
      `${file}:8: error UNDECLARED_CHANNEL a1.sinks.k1.channel: Could not configure sink  k1 due to: Channel c2 not in active set.\n    Did you mean c1?`
    ),
    text
  )
  assert.match(text, /a1: not ready to run; 2 of 3 components run; dropped: k1; 1 error, 1 warning$/)
})

test('the JSON interface has exactly the promised fields', async () => {
  const { code, text, file } = await run(`${SMALL_AGENT}a1.sources.r1.batchsize = 1\n`, { json: true })

  assert.equal(code, 0)
  assert.deepEqual(JSON.parse(text), {
    agent: 'a1',
    ok: true,
    components: [
      { kind: 'source', name: 'r1', type: 'seq', status: 'ok' },
      { kind: 'channel', name: 'c1', type: 'memory', status: 'ok' },
      { kind: 'sink', name: 'k1', type: 'null', status: 'ok' }
    ],
    findings: [
      {
        level: 'warning',
        code: 'PROP_CASE',
        file,
        line: 9,
        key: 'a1.sources.r1.batchsize',
        message: 'batchsize is not a property of this component and is ignored.',
        hint: 'Did you mean batchSize?'
      }
    ]
  })
})

test('strict counts warnings as errors', async () => {
  assert.equal((await run(`${SMALL_AGENT}a1.sources.r1.batchsize = 1\n`, { strict: true })).code, 1)
})

test('several agents without a name are checked one after the other', async () => {
  const { code, text } = await run(
    SMALL_AGENT + SMALL_AGENT.replaceAll('a1.', 'a2.').replace('type = seq', 'type = com.example.Mine'),
    { json: true }
  )
  const reports = JSON.parse(text) as {
    agent: string
    ok: boolean
    components: { name: string; status: string }[]
  }[]

  assert.equal(code, 1)
  assert.deepEqual(
    reports.map(({ agent, ok }) => [agent, ok]),
    [
      ['a1', true],
      ['a2', false]
    ]
  )
  assert.deepEqual(
    reports[1]?.components.map(({ status }) => status),
    ['third-party', 'ok', 'ok']
  )
})

test('a file that cannot be read ends with 2, in JSON too', async () => {
  const { code, text, file } = await run(undefined, { json: true })
  const report = JSON.parse(text) as { agent: null; ok: boolean; findings: { code: string; file: string }[] }

  assert.equal(code, 2)
  assert.deepEqual(
    [report.agent, report.ok, report.findings.map(finding => [finding.code, finding.file])],
    [null, false, [['UNREADABLE', file]]]
  )
})

const DEFAULT_FOLDER = join(homedir(), '.flume/file-channel/data')
const TWO_CHANNELS = `a.sources = s
a.channels = c d
a.sinks = k l
a.sources.s.type = seq
a.sources.s.channels = c d
a.sinks.k.type = null
a.sinks.k.channel = c
a.sinks.l.type = null
a.sinks.l.channel = d
`

for (const [title, channels, store] of [
  [
    'a folder of two channels, however it is written',
    'a.channels.c.type = file\na.channels.c.dataDirs = /x/one, /x/two\na.channels.d.type = spillablememory\na.channels.d.dataDirs = /x/./two/\n',
    '/x/two'
  ],
  [
    'the default folder of two channels',
    'a.channels.c.type = file\na.channels.d.type = file\n',
    DEFAULT_FOLDER
  ],
  [
    'the default folder of one channel that another one names',
    `a.channels.c.type = file\na.channels.d.type = spillablememory\na.channels.d.dataDirs = ${DEFAULT_FOLDER}/\n`,
    DEFAULT_FOLDER
  ],
  [
    'a database of two channels',
    'a.channels.c.type = jdbc\na.channels.c.driver.url = jdbc:sqlite:/x/db\na.channels.d.type = jdbc\na.channels.d.driver.url = jdbc:sqlite:/x/db\n',
    '/x/db'
  ],
  [
    'a database of two channels, one by the older name of the key,',
    'a.channels.c.type = jdbc\na.channels.c.driver.url = jdbc:sqlite:/x/db\na.channels.d.type = jdbc\na.channels.d.org.apache.flume.channel.jdbc.driver.url = jdbc:sqlite:/x/db\n',
    '/x/db'
  ]
] as const) {
  test(`${title} is an error`, async () => {
    const { code, text } = await run(TWO_CHANNELS + channels)

    assert.equal(code, 1)
    assert.match(
      text,
      new RegExp(
        `error SHARED_STORE a\\.channels\\.d: The channels c and d both keep their events in ${store}; only one of them can start\\.`
      )
    )
  })
}

test('a ~ at the start of a path is not the home directory, and said to be none; a shell knows it', async () => {
  const { code, text } = await run(
    `${SMALL_AGENT.replace('c1.type = memory', 'c1.type = file')}a1.channels.c1.dataDirs = /x, ~/data\na1.channels.c1.checkpointDir = /x/c\na1.configfilters = f\na1.configfilters.f.type = external\na1.configfilters.f.command = ~/bin/secret\n`
  )

  assert.equal(code, 0)
  assert.match(text, /warning HOME_TILDE a1\.channels\.c1\.dataDirs: .*\n.*\$\{sys:user\.home\}/)
  assert.equal(text.match(/HOME_TILDE/g)?.length, 1)
})

test('a channel without overflow, and databases of their own, share nothing', async () => {
  const { text } = await run(
    `${TWO_CHANNELS}a.channels.c.type = file\na.channels.d.type = spillablememory\na.channels.d.overflowCapacity = 0\n`
  )
  const { code, text: databases } = await run(
    `${TWO_CHANNELS}a.channels.c.type = jdbc\na.channels.d.type = jdbc\n`
  )

  assert.doesNotMatch(text, /SHARED_STORE/)
  assert.equal(code, 0, databases)
})

test('a sink may take more at once than a spillablememory channel can hold', async () => {
  const { code, text } = await run(
    `${SMALL_AGENT.replace('c1.type = memory', 'c1.type = spillablememory')}a1.channels.c1.memoryCapacity = 10\na1.channels.c1.overflowCapacity = 0\na1.sinks.k1.type = null\na1.sinks.k1.batchSize = 100\n`
  )

  assert.doesNotMatch(text, /BATCH_GT_TXN/)
  assert.match(text, /ready to run/)
  assert.equal(code, 0)
})

const HDFS_AGENT = `${SMALL_AGENT.replace('k1.type = null', 'k1.type = hdfs')}a1.sinks.k1.hdfs.path = /logs
a1.sinks.k1.hdfs.fileType = DataStream
a1.sinks.k1.hdfs.rollCount = 0
a1.sinks.k1.hdfs.rollSize = 134217728
a1.sinks.k1.hdfs.rollInterval = 0
`

async function withSite(properties: Readonly<Record<string, string>>): Promise<string> {
  const home = await mkdtemp(join(folder, 'site-'))
  const entries = Object.entries(properties).map(
    ([name, value]) => `<property><name>${name}</name><value>${value}</value></property>`
  )
  await mkdir(join(home, 'etc', 'hadoop'), { recursive: true })
  await writeFile(
    join(home, 'etc', 'hadoop', 'core-site.xml'),
    `<configuration>${entries.join('')}</configuration>`
  )
  return home
}

test('site files are read where the agent reads them, and a store over WebHDFS is no obstacle', async () => {
  const home = await withSite({ 'fs.defaultFS': 'hdfs://nn:8020' })
  const site = join(home, 'etc', 'hadoop')

  for (const environment of [
    { configDirectory: site },
    { variables: { HADOOP_CONF_DIR: site } },
    { variables: { HADOOP_HOME: home } }
  ]) {
    const { code, text } = await run(HDFS_AGENT, { environment, strict: true })
    assert.equal(code, 0, text)
    assert.match(text, /note HDFS_BY_WEBHDFS a1\.sinks\.k1\.hdfs\.path: hdfs\.path leads to hdfs:\/\/nn:8020/)
  }
  assert.match((await run(HDFS_AGENT)).text, /no findings$/)
})

test('a cluster that wants Kerberos is an error', async () => {
  const home = await withSite({ 'fs.defaultFS': 'hdfs://nn', 'hadoop.security.authentication': 'kerberos' })

  const { code, text } = await run(HDFS_AGENT, { environment: { variables: { HADOOP_HOME: home } } })

  assert.equal(code, 1)
  assert.match(
    text,
    /error NOT_IN_THIS_VERSION .*: The cluster wants Kerberos, which is not in this version\./
  )
})

test('control characters of names and values reach no terminal, in JSON either', async () => {
  const agent = `${SMALL_AGENT}a1.sources.r1.batchSize = 5\x1b[31m\x9b\na1.sinks.k\x1b[2J.type = null\n`
  const { text } = await run(agent)
  const { text: json } = await run(agent, { json: true })

  assert.match(text, /batchSize is "5\\x1b\[31m\\x9b"/)
  for (const printed of [text, json]) assert.doesNotMatch(printed, /[\x00-\x08\x0b-\x1f\x7f-\x9f]/)
})

const INTERCEPTED = (lines: string): string =>
  `${SMALL_AGENT}a1.sources.r1.interceptors = i1\n${lines.replaceAll('i1.', 'a1.sources.r1.interceptors.i1.')}`

for (const [what, text, expected] of [
  [
    'a wrong regular expression',
    INTERCEPTED('i1.type = regex_filter\ni1.regex = (a\n'),
    ':11: error BAD_REGEX a1.sources.r1.interceptors.i1.regex: regex is "(a", which is no regular expression: ' +
      'Unclosed group near index 2.\n    Correct the expression. In a properties file each of its backslashes is written twice.'
  ],
  [
    'one that cannot run within bounds',
    INTERCEPTED('i1.type = regex_extractor\ni1.serializers = s\ni1.regex = (\\\\w+) \\\\1\n'),
    ':12: error REGEX_REFUSED a1.sources.r1.interceptors.i1.regex: regex is "(\\w+) \\1", which is a regular expression ' +
      'that cannot run here: the back reference \\1 asks for a text of many possible ones again; this needs steps without bound.'
  ],
  [
    'a replacement by a group that there is not',
    INTERCEPTED('i1.type = search_replace\ni1.searchPattern = a(b)\ni1.replaceString = $2\n'),
    ':12: error BAD_VALUE a1.sources.r1.interceptors.i1.replaceString: replaceString is "$2", which cannot replace ' +
      'anything: No group 2.\n    Write $1 or ${name} for a group of searchPattern, and \\\\$ for a dollar sign.'
  ],
  [
    'names of files that are no expression',
    `${SMALL_AGENT}a1.sources.r1.type = TAILDIR\na1.sources.r1.filegroups = f\na1.sources.r1.filegroups.f = /var/log/*.log\n`,
    ':11: error BAD_REGEX a1.sources.r1.filegroups.f: filegroups.f is "*.log", which is no regular expression: Dangling meta character \'*\' near index 0.'
  ],
  [
    'a wrong pattern of topics',
    `${SMALL_AGENT}a1.sources.r1.type = org.apache.flume.source.kafka.KafkaSource\na1.sources.r1.kafka.topics.regex = [a\n`,
    ':10: error BAD_REGEX a1.sources.r1.kafka.topics.regex: kafka.topics.regex is "[a", which is no regular expression'
  ],
  [
    'a wrong pattern of names that are left out',
    `${SMALL_AGENT}a1.sources.r1.type = spooldir\na1.sources.r1.spoolDir = /x\na1.sources.r1.ignorePattern = *.tmp\n`,
    ':11: error BAD_REGEX a1.sources.r1.ignorePattern: ignorePattern is "*.tmp", which is no regular expression'
  ]
] as const) {
  test(`${what} is found in components that do not run yet, too`, async () => {
    const result = await run(text)

    assert.equal(result.code, 1)
    assert.ok(result.text.includes(result.file + expected), result.text)
  })
}

test('regular expressions that work have no finding', async () => {
  const { text } = await run(
    INTERCEPTED(
      'i1.type = search_replace\ni1.searchPattern = (?<user>\\\\w++)@(\\\\S+)\ni1.replaceString = \\\\$${user} $2\n'
    )
  )

  assert.doesNotMatch(text, /REGEX|BAD_VALUE/)
})
