import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Problem, Resolution } from '../../../core/component.ts'
import { readSettings, type Resolved } from '../../../core/read-settings.ts'
import { checkSettings } from './check-settings.ts'
import definition from './hdfs.ts'
import { foundLines, lines } from './testing/started-sink.ts'

function problemsOf(properties: Record<string, string>): readonly Problem[] {
  return allProblems({ 'hdfs.path': '/data', ...properties }, foundLines)
}

function allProblems(properties: Record<string, string>, resolved: Resolved): readonly Problem[] {
  const { values, problems } = readSettings(definition, properties, resolved)
  return values === undefined ? problems : [...problems, ...checkSettings(values)]
}

test('a limit on replicas is said to have no effect', () => {
  const found = problemsOf({ 'hdfs.path': 'webhdfs://nn/data', 'hdfs.minBlockReplicas': '1' })

  assert.deepEqual(
    found.map(({ level, code, key }) => [level, code, key]),
    [['warning', 'PROP_NO_EFFECT', 'hdfs.minBlockReplicas']]
  )
  assert.deepEqual(problemsOf({ 'hdfs.path': 'webhdfs://nn/data' }), [])
})

test('the defaults are those of Flume', () => {
  const { values } = readSettings(definition, { 'hdfs.path': '/data' }, foundLines)

  const { serializer, ...plain } = values ?? assert.fail('nothing was read')

  assert.equal(serializer.type, 'text')
  assert.deepEqual(plain, {
    path: '/data',
    filePrefix: 'FlumeData',
    fileSuffix: '',
    inUsePrefix: '',
    inUseSuffix: '.tmp',
    emptyInUseSuffix: false,
    rollInterval: 30,
    rollSize: 1024,
    rollCount: 10,
    idleTimeout: 0,
    batchSize: 100,
    codec: undefined,
    fileType: 'SequenceFile',
    writeFormat: 'Writable',
    writeFormatOptions: {},
    maxOpenFiles: 5000,
    minBlockReplicas: undefined,
    threadsPoolSize: 10,
    rollTimerPoolSize: 1,
    callTimeout: 30_000,
    closeTries: 0,
    retryInterval: 180,
    round: false,
    roundUnit: 'second',
    roundValue: 1,
    timeZone: undefined,
    useLocalTimeStamp: false,
    kerberosPrincipal: undefined,
    kerberosKeytab: undefined,
    proxyUser: undefined,
    delegationToken: undefined,
    useRawLocalFileSystem: false
  })
})

const FINE: Record<string, string>[] = [
  { 'hdfs.fileType': 'datastream', 'hdfs.writeFormat': 'text' },
  { 'hdfs.fileType': 'CompressedStream', 'hdfs.codeC': 'GzipCodec' },
  { 'hdfs.codeC': 'org.apache.hadoop.io.compress.BZip2Codec' },
  { 'hdfs.codeC': 'none', 'hdfs.writeFormat': 'Text' },
  { 'hdfs.writeFormat': 'org.apache.flume.sink.hdfs.HDFSTextSerializer$Builder' },
  { 'hdfs.round': 'true', 'hdfs.roundUnit': 'HOUR', 'hdfs.roundValue': '24' },
  { 'hdfs.roundUnit': 'fortnight', 'hdfs.roundValue': '-1' },
  { 'hdfs.timeZone': 'Europe/Berlin' },
  { 'hdfs.path': 'webhdfs://nn:9870/logs/%Y' },
  { 'hdfs.path': 'logs/%Y' },
  { 'hdfs.useRawLocalFileSystem': 'true', 'hdfs.path': 'file:///logs' },
  { 'hdfs.minBlockReplicas': '0', 'hdfs.closeTries': '0', 'hdfs.callTimeout': '0' }
]

for (const properties of FINE) {
  test(`${shown(properties)} is fine`, () => {
    assert.deepEqual(problemsOf(properties), [])
  })
}

const WRONG: [level: Problem['level'], key: string, message: RegExp, properties: Record<string, string>][] = [
  ['error', 'hdfs.batchSize', /out of range/, { 'hdfs.batchSize': '0' }],
  ['error', 'hdfs.fileType', /hdfs.fileType is "Avro"/, { 'hdfs.fileType': 'Avro' }],
  [
    'error',
    'hdfs.writeFormat',
    /is "text"; a SequenceFile takes Writable or Text/,
    { 'hdfs.writeFormat': 'text' }
  ],
  ['error', 'hdfs.writeFormat', /"org.example.Mine"/, { 'hdfs.writeFormat': 'org.example.Mine' }],
  ['warning', 'writeFormat.x', /ignored/, { 'writeFormat.x': '1' }],
  [
    'error',
    'hdfs.codeC',
    /^Unsupported compression codec lzo\. {2}Please choose from: \[None, BZip2Codec,/,
    { 'hdfs.codeC': 'lzo' }
  ],
  [
    'error',
    'hdfs.codeC',
    /^fileType: DataStream which does NOT support compressed output/,
    { 'hdfs.fileType': 'DataStream', 'hdfs.codeC': 'None' }
  ],
  [
    'error',
    'hdfs.codeC',
    /^It's essential to set compress codec when fileType is: CompressedStream/,
    { 'hdfs.fileType': 'CompressedStream' }
  ],
  [
    'error',
    'hdfs.codeC',
    /^It's essential to set/,
    { 'hdfs.fileType': 'CompressedStream', 'hdfs.codeC': 'none' }
  ],
  ['error', 'hdfs.minBlockReplicas', /out of range/, { 'hdfs.minBlockReplicas': '-1' }],
  [
    'warning',
    'hdfs.roundUnit',
    /^Rounding unit is not valid/,
    { 'hdfs.round': 'true', 'hdfs.roundUnit': 'day' }
  ],
  [
    'error',
    'hdfs.roundValue',
    /^Round value must be > 0 and <= 60/,
    { 'hdfs.round': 'true', 'hdfs.roundValue': '61' }
  ],
  [
    'error',
    'hdfs.roundValue',
    /^Round value must be > 0 and <= 24/,
    { 'hdfs.round': 'true', 'hdfs.roundValue': '25', 'hdfs.roundUnit': 'hour' }
  ],
  ['error', 'hdfs.timeZone', /no time zone/, { 'hdfs.timeZone': 'Mars/Olympus' }],
  [
    'warning',
    'hdfs.inUseSuffix',
    /^Ignoring parameter hdfs.inUseSuffix/,
    { 'hdfs.emptyInUseSuffix': 'true', 'hdfs.inUseSuffix': '.x' }
  ],
  ['error', 'hdfs.inUsePrefix', /slash/, { 'hdfs.inUsePrefix': 'open/' }],
  ['warning', 'hdfs.closeTries', /until they work/, { 'hdfs.closeTries': '-1' }],
  ['warning', 'hdfs.retryInterval', /not tried again/, { 'hdfs.retryInterval': '0' }],
  [
    'error',
    'hdfs.kerberosPrincipal',
    /^Kerberos is not in this version: simple authentication only/,
    { 'hdfs.kerberosPrincipal': 'flume', 'hdfs.kerberosKeytab': '/k' }
  ],
  ['error', 'hdfs.kerberosKeytab', /^Kerberos is not in this version/, { 'hdfs.kerberosKeytab': '/k' }],
  [
    'warning',
    'hdfs.useRawLocalFileSystem',
    /not of type LocalFileSystem/,
    { 'hdfs.useRawLocalFileSystem': 'true', 'hdfs.path': 'webhdfs://n/x' }
  ],
  ['error', 'hdfs.path', /escape sequence in the host/, { 'hdfs.path': 'webhdfs://%{host}/x' }],
  [
    'error',
    'hdfs.filePrefix',
    /^The static escape string 'who' was provided but does not match/,
    { 'hdfs.filePrefix': '%[who]' }
  ],
  ['error', 'hdfs.path', /^hdfs.path is required/, { 'hdfs.path': ' ' }]
]

for (const [level, key, message, properties] of WRONG) {
  test(`${shown(properties)} is an ${level} of ${key}`, () => {
    const [problem, ...more] = problemsOf(properties)

    assert.deepEqual([problem?.level, problem?.key, more], [level, key, []])
    assert.match(problem?.message ?? '', message)
  })
}

function shown(properties: Record<string, string>): string {
  return Object.entries(properties)
    .map(([key, value]) => `${key} = ${value}`)
    .join(', ')
}

test('a serializer that a SequenceFile does not use is a warning', () => {
  const avro = (): Resolution => ({ status: 'found', definition: { ...lines, type: 'avro_event' } })
  const warnings = (properties: Record<string, string>) =>
    allProblems({ 'hdfs.path': '/data', serializer: 'avro_event', ...properties }, avro).map(
      ({ message }) => message
    )

  assert.deepEqual(warnings({}), ['serializer is ignored, because hdfs.fileType is SequenceFile.'])
  assert.deepEqual(warnings({ 'hdfs.fileType': 'DataStream' }), [])
})
