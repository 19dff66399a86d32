import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Channel } from '../../../core/contracts/channel.ts'
import { settingsOf } from '../../../core/read-settings.ts'
import { channelContract } from '../../../testing/channel-contract.ts'
import { batchOf, fakeChannelContext, textsOf } from '../../../testing/fake-context.ts'
import { checked } from '../../../testing/checked.ts'
import { databaseFile } from './database-file.ts'
import jdbc from './jdbc.ts'

const none = (): undefined => undefined
const never = new AbortController().signal
const folder = mkdtempSync(join(tmpdir(), 'millrace-jdbc-'))
const opened: Channel[] = []
let files = 0

after(async () => {
  await Promise.all(opened.map(channel => channel.stop()))
  rmSync(folder, { recursive: true })
})

function newFile(): string {
  return join(folder, `${files++}`, 'events.sqlite')
}

function jdbcChannel(
  file: string,
  properties: Record<string, string> = {},
  context = fakeChannelContext()
): Channel {
  const channel = jdbc.create(
    settingsOf(jdbc, { 'driver.url': `jdbc:sqlite:${file}`, ...properties }, none),
    context
  )
  opened.push(channel)
  return channel
}

async function started(
  file: string,
  properties: Record<string, string> = {},
  context = fakeChannelContext()
): Promise<Channel> {
  const channel = jdbcChannel(file, properties, context)
  await channel.start()
  return channel
}

async function takeAll(channel: Channel, max = 1000): Promise<string[]> {
  const texts: string[] = []
  for (;;) {
    await using lease = await channel.take(max)
    if (lease === undefined) return texts
    texts.push(...textsOf(lease.batch))
    await lease.commit()
  }
}

let latest: Channel | undefined
channelContract('jdbc', async ({ capacity, transactionCapacity }, context) => {
  await latest?.stop() // or there would be a hundred threads
  latest = await started(
    newFile(),
    { 'maximum.capacity': String(capacity), transactionCapacity: String(transactionCapacity) },
    context
  )
  return latest
})

test('events are there again after a restart, those on loan included', async () => {
  const file = newFile()
  const before = await started(file)
  await before.put(batchOf(['a', 'b', 'c', 'd'], { host: 'h' }), never)
  const first = await before.take(1)
  await before.take(1)
  await first?.commit()
  await before.stop()

  const again = await started(file)
  const held = again.size
  await using lease = await again.take(10)

  assert.deepEqual([held, textsOf(lease?.batch)], [3, ['b', 'c', 'd']])
  assert.deepEqual(
    [...(lease?.batch ?? [])].map(({ headers }) => headers),
    Array(3).fill([['host', 'h']])
  )
})

test('what was taken out of the middle of a batch stays taken after a restart', async () => {
  const file = newFile()
  const before = await started(file)
  await before.put(batchOf(['a', 'b', 'c', 'd']), never)
  const first = await before.take(1)
  const second = await before.take(2)
  await second?.commit()
  await first?.[Symbol.asyncDispose]()
  await before.stop()

  const again = await started(file)

  assert.deepEqual([again.size, await takeAll(again)], [2, ['a', 'd']])
})

test('more events than memory is spent on come back from the database, in order', async () => {
  const channel = await started(newFile())
  const body = 'x'.repeat(100_000)
  const expected: string[] = []
  for (let i = 0; i < 300; i++) {
    const texts = [`${i * 2} ${body}`, `${i * 2 + 1} ${body}`]
    expected.push(...texts.map(text => text.slice(0, 5)))
    await channel.put(batchOf(texts), never)
  }

  const texts = await takeAll(channel, 7)

  assert.deepEqual(
    texts.map(text => text.slice(0, 5)),
    expected
  )
  assert.equal(channel.size, 0)
})

test('numbers go on after a restart of an empty database', async () => {
  const file = newFile()
  const before = await started(file)
  await before.put(batchOf(['a']), never)
  await takeAll(before)
  await before.stop()

  const again = await started(file)
  await again.put(batchOf(['b']), never)

  assert.deepEqual(await takeAll(again), ['b'])
})

test('a database that another channel has open is refused, with its name and what to do', async () => {
  const file = newFile()
  await started(file)

  await assert.rejects(started(file), {
    code: 'ERR_START',
    message: `The database ${file} is in use by channel tested of this agent. Give each channel a file of its own in driver.url.`
  })
})

test('a database that another process has open is refused, with its number; then it is free', async t => {
  const file = newFile()
  mkdirSync(join(file, '..'))
  const script = `const { DatabaseSync } = require('node:sqlite')
    const database = new DatabaseSync(process.argv[1])
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; CREATE TABLE x (y)')
    console.log('locked'); process.stdin.resume()`
  const child = spawn(process.execPath, ['-e', script, file], { stdio: ['pipe', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  await once(child.stdout, 'data')

  await assert.rejects(started(file), {
    code: 'ERR_START',
    message: new RegExp(
      process.platform === 'linux'
        ? `in use by process ${child.pid}\\. Stop that process, or name another file in driver\\.url`
        : 'in use by another process'
    )
  })
  child.kill('SIGKILL')
  await once(child, 'exit')
  const channel = await started(file)

  assert.equal(channel.size, 0)
})

test('a start says how many events it found', async () => {
  const file = newFile()
  const first = await started(file)
  await first.put(batchOf(['a', 'b']), never)
  await first.stop()
  const context = fakeChannelContext()
  await started(file, {}, context)

  assert.deepEqual(
    context.log.lines.filter(({ level }) => level === 'info').map(({ message, facts }) => [message, facts]),
    [['Queue Size after replay: 2 [channel=tested]', { events: 2, recovered: 2, setAside: 0, file }]]
  )
})

test('a file that is no database is refused, and named', async () => {
  const file = newFile()
  mkdirSync(join(file, '..'))
  writeFileSync(file, 'x'.repeat(10_000))

  await assert.rejects(started(file), {
    code: 'ERR_CHANNEL',
    message: new RegExp(`^The file ${file} is not a database`)
  })
})

test("a channel that is not open refuses puts and takes with Flume's sentence", async () => {
  const channel = jdbcChannel(newFile())

  await assert.rejects(channel.put(batchOf(['a']), never), {
    code: 'ERR_CHANNEL',
    message: 'Channel closed [channel=tested]'
  })
  await assert.rejects(channel.take(1), { code: 'ERR_CHANNEL', message: 'Channel closed [channel=tested]' })
})

test('a lease from before a restart cannot be committed after it', async () => {
  const file = newFile()
  const channel = await started(file)
  await channel.put(batchOf(['a']), never)
  const old = await channel.take(1)
  await channel.stop()
  await channel.start()

  await assert.rejects(async () => old?.commit(), { code: 'ERR_CHANNEL' })
  assert.deepEqual(await takeAll(channel), ['a'])
})

test('a missing database is not made when create.schema is false', async () => {
  await assert.rejects(started(newFile(), { 'create.schema': 'false' }), {
    message:
      'Schema does not exist and auto-generation is disabled. Please enable auto-generation of schema and try again.'
  })
})

test('a full channel says so as Flume does', async () => {
  const context = fakeChannelContext()
  const channel = await started(newFile(), { 'maximum.capacity': '1' }, context)
  await channel.put(batchOf(['a']), never)
  const refused = assert.rejects(channel.put(batchOf(['b']), never), {
    code: 'ERR_CHANNEL_FULL',
    message: 'Failed to persist event. Channel capacity reached: maxCapacity: 1, currentSize: 1'
  })

  await context.clock.advance(3000)
  await refused
})

test('a row that is damaged on the disk is left out, counted and said; the others are delivered', async () => {
  const file = newFile()
  const before = await started(file)
  for (const text of ['before', 'mark of this one', 'behind']) await before.put(batchOf([text]), never)
  await before.stop()
  const bytes = readFileSync(file)
  bytes.write('M', bytes.indexOf('mark of this one'))
  writeFileSync(file, bytes)

  const context = fakeChannelContext()
  const channel = await started(file, {}, context)
  const texts = await takeAll(channel)

  assert.deepEqual(
    [texts, channel.size, channel.skipped?.()],
    [['before', 'behind'], 0, { 'damaged rows': 1 }]
  )
  assert.deepEqual(
    context.log.lines.filter(({ level }) => level === 'error').map(({ facts }) => facts),
    [{ first: 1, events: 1, lostEvents: 1 }]
  )
})

test('a Derby database beside ours is pointed out', async () => {
  const home = join(folder, 'home')
  const derby = join(home, '.flume/jdbc-channel/db')
  mkdirSync(derby, { recursive: true })
  writeFileSync(join(derby, 'service.properties'), '')
  const context = fakeChannelContext()
  const channel = jdbc.create(settingsOf(jdbc, { 'sysprop.user.home': home }, none), context)
  opened.push(channel)

  await channel.start()

  assert.deepEqual(
    context.log.lines.filter(({ level }) => level === 'warn').map(({ facts }) => facts),
    [{ folder: derby }]
  )
})

const SYSTEM = { variables: {}, properties: {}, configDirectory: undefined }

for (const [url, systemProperties, expected] of [
  [undefined, {}, join(homedir(), '.flume/jdbc-channel/c%2F1.sqlite')],
  [undefined, { 'user.home': '/data' }, '/data/.flume/jdbc-channel/c%2F1.sqlite'],
  ['jdbc:derby:/data/flume/db;create=true', {}, '/data/flume/c%2F1.sqlite'],
  ['jdbc:derby:db', { 'derby.system.home': '/derby' }, '/derby/c%2F1.sqlite'],
  ['jdbc:sqlite:/data/x.db', {}, '/data/x.db']
] as const) {
  test(`driver.url ${url ?? 'left out'} with ${JSON.stringify(systemProperties)} means ${expected}`, () => {
    assert.equal(databaseFile({ channel: 'c/1', url, systemProperties, environment: SYSTEM }), expected)
  })
}

for (const url of [
  'jdbc:mysql://db/flume',
  'jdbc:derby://host:1527/db',
  'jdbc:derby:memory:db',
  'jdbc:sqlite::memory:',
  'jdbc:sqlite:file:/data/x.db?mode=ro',
  'jdbc:sqlite:/data/x.db?journal_mode=WAL'
]) {
  test(`driver.url ${url} is refused with what to write`, async () => {
    const { values, problems } = await checked(jdbc, { 'driver.url': url })

    assert.equal(values, undefined)
    assert.match(problems[0]?.hint ?? '', /jdbc:sqlite:FILE/)
  })
}

test('MYSQL, which Flume takes and then loses every event, is refused', async () => {
  const { values, problems } = await checked(jdbc, { 'db.type': 'MYSQL' })

  assert.equal(values, undefined)
  assert.deepEqual(
    problems.map(({ level, key }) => [level, key]),
    [['error', 'db.type']]
  )
})

test('what only Derby needs is warned about, and the channel runs', async () => {
  const { values, problems } = await checked(jdbc, {
    'driver.class': 'org.apache.derby.jdbc.EmbeddedDriver',
    'db.type': 'derby',
    'db.username': 'sa',
    'db.password': 'p',
    'transaction.isolation': 'serializable',
    'sysprop.derby.stream.error.file': '/tmp/derby.log'
  })

  assert.notEqual(values, undefined)
  assert.deepEqual(
    problems.map(({ level, key }) => [level, key]),
    [
      ['warning', 'driver.class'],
      ['warning', 'db.username'],
      ['warning', 'db.password'],
      ['warning', 'sysprop.derby.stream.error.file']
    ]
  )
})

test("long forms of keys work, with Flume's warning", async () => {
  const long = 'org.apache.flume.channel.jdbc.maximum.capacity'
  const { values, problems } = await checked(jdbc, {
    [long]: '7',
    'org.apache.flume.channel.jdbc.nonsense': 'x'
  })

  assert.equal(values?.capacity, 7)
  assert.deepEqual(
    problems.map(({ code, message }) => [code, message]),
    [
      [
        'DEPRECATED_PROP',
        `Long form configuration key "${long}" is deprecated. Please use the short form key "maximum.capacity" instead.`
      ],
      [
        'PROP_NO_EFFECT',
        'org.apache.flume.channel.jdbc.nonsense is not a property of this component and is ignored.'
      ]
    ]
  )
})
