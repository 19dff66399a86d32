import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Channel, ChannelContext } from '../../../core/contracts.ts'
import { readSettings, settingsOf } from '../../../core/read-settings.ts'
import { DurableLog } from '../../../store/durable-log.ts'
import { placesOf } from '../../../store/file-settings.ts'
import type { LOG_METRICS } from '../../../store/log-watch.ts'
import { channelContract } from '../../../testing/channel-contract.ts'
import { batchOf, fakeChannelContext, textsOf } from '../../../testing/fake-context.ts'
import { NOTHING_RETURNED } from '../../../testing/opened-log.ts'
import { SimulatedDisk } from '../../../testing/simulated-disk.ts'
import { FileChannel } from './file-channel.ts'
import file from './file.ts'

const none = (): undefined => undefined
const never = new AbortController().signal
const opened = new Set<Channel>()
let base = ''
let folders = 0

before(async () => {
  base = await mkdtemp(join(tmpdir(), 'millrace-file-'))
})
after(async () => {
  for (const channel of opened) await channel.stop()
  await rm(base, { recursive: true })
})

async function fileChannel(
  properties: Record<string, string>,
  context: ChannelContext<typeof LOG_METRICS> = fakeChannelContext()
): Promise<FileChannel> {
  const values = settingsOf(file, { minimumRequiredSpace: '0', maxFileSize: '1048576', ...properties }, none)
  const channel = file.create(values, context) as FileChannel
  await channel.start()
  opened.add(channel)
  return channel
}

function newFolder(): string {
  return join(base, String(folders++))
}

async function takeAll(channel: Channel): Promise<string[]> {
  const texts: string[] = []
  for (;;) {
    await using lease = await channel.take(1000)
    if (lease === undefined) return texts
    texts.push(...textsOf(lease.batch))
    await lease.commit()
  }
}

function problemsOf(properties: Record<string, string>): unknown[] {
  return readSettings(file, properties, none).problems.map(({ level, key, message }) => [level, key, message])
}

channelContract<typeof LOG_METRICS>('file', async ({ capacity, transactionCapacity }, context) =>
  fileChannel(
    {
      capacity: String(capacity),
      transactionCapacity: String(transactionCapacity),
      dataDirs: newFolder()
    },
    context
  )
)

channelContract('file on a simulated disk', async ({ capacity, transactionCapacity }, context) => {
  const folder = '/data'
  const disk = new SimulatedDisk({ seed: 1, folders: [folder], automatic: true })
  const limits = { capacity, transactionCapacity, keepAliveMs: 3000 }
  const open = async () => {
    const log = await DurableLog.open({
      ...limits,
      name: 'tested',
      folders: [folder],
      disk,
      clock: context.clock,
      log: context.log,
      memoryBytes: 2000,
      minimumFreeBytes: 0,
      segmentBytes: 65536,
      stagingBytes: 16384
    })
    return { log, watched: log, returned: NOTHING_RETURNED, folders: [folder], close: () => log.close() }
  }
  const channel = new FileChannel({ ...limits, open }, context)
  await channel.start()
  return channel
})

test('events and their headers are there after a stop and a start, those taken are not', async () => {
  const dataDirs = newFolder()
  const first = await fileChannel({ dataDirs })
  await first.put(batchOf(['a', 'b', 'c'], { host: 'web-1' }), never)
  {
    await using lease = await first.take(1)
    await lease?.commit()
  }
  await first.stop()

  const context = fakeChannelContext<typeof LOG_METRICS>()
  const second = await fileChannel({ dataDirs }, context)
  await using lease = await second.take(10)

  assert.deepEqual(
    [...(lease?.batch ?? [])].map(event => [event.text, event.header('host')]),
    [
      ['b', 'web-1'],
      ['c', 'web-1']
    ]
  )
  assert.ok(
    context.log.lines.some(({ message }) => message === 'Queue Size after replay: 2 [channel=tested]')
  )
})

test('a smaller capacity than what is held is taken, and said; puts wait for room', async () => {
  const dataDirs = newFolder()
  const first = await fileChannel({ dataDirs })
  await first.put(batchOf(['a', 'b', 'c']), never)
  await first.stop()

  const context = fakeChannelContext<typeof LOG_METRICS>()
  const second = await fileChannel({ dataDirs, capacity: '2', transactionCapacity: '2' }, context)
  const refused = assert.rejects(second.put(batchOf(['d']), never), { code: 'ERR_CHANNEL_FULL' })
  await context.clock.advance(3000)
  await refused

  assert.deepEqual(
    context.log.lines.filter(({ level }) => level === 'warn').map(({ facts }) => facts),
    [{ events: 3, capacity: 2 }]
  )
  assert.deepEqual(await takeAll(second), ['a', 'b', 'c'])
})

test('files are spread over all data folders', async () => {
  const [one, other] = [newFolder(), newFolder()]
  const channel = await fileChannel({ dataDirs: `${one}, ${other}` })
  const body = 'x'.repeat(100_000)
  for (let i = 0; i < 30; i++) await channel.put(batchOf([body]), never)

  const names = await Promise.all(
    [one, other].map(async folder => (await readdir(folder)).filter(name => name.startsWith('seg-')))
  )
  const texts = await takeAll(channel)

  assert.ok(
    names.every(({ length }) => length > 0),
    JSON.stringify(names)
  )
  assert.equal(texts.length, 30)
})

test('a second channel on a folder does not start, and says who has it', async () => {
  const dataDirs = newFolder()
  const first = await fileChannel({ dataDirs })

  await assert.rejects(fileChannel({ dataDirs }), {
    code: 'ERR_START',
    message: /^Cannot lock .* already locked by channel tested of this agent/
  })
  await first.stop()
  const second = await fileChannel({ dataDirs })

  assert.equal(second.gauges().Open, true)
})

test('a channel that is not open says why', async () => {
  const dataDirs = newFolder()
  await fileChannel({ dataDirs })
  const values = settingsOf(file, { dataDirs }, none)
  const locked = file.create(values, fakeChannelContext()) as FileChannel
  await assert.rejects(locked.start())

  await assert.rejects(locked.put(batchOf(['a']), never), {
    code: 'ERR_CHANNEL',
    message: /^Channel closed \[channel=tested\]\. Due to Cannot lock/
  })
  assert.deepEqual([locked.gauges().Open, locked.gauges().Closed, locked.gauges().Unhealthy], [false, 1, 1])
})

test('capacity may be unlimited', () => {
  assert.equal(readSettings(file, { capacity: 'unlimited' }, none).values?.capacity, Infinity)
})

test('a capacity that is none says what to write', () => {
  for (const capacity of ['many', '1.5', '99999999999']) {
    const [problem] = readSettings(file, { capacity }, none).problems

    assert.match(problem?.message ?? '', /which is not a whole number up to 2147483647/)
    assert.equal(problem?.hint, 'Write such a number, or unlimited.')
  }
})

test('an address in the place of a folder is a warning', () => {
  assert.deepEqual(problemsOf({ dataDirs: '/a, hdfs://host/b' }), [
    [
      'warning',
      'dataDirs',
      'dataDirs has "hdfs://host/b", which is taken for a folder below the one where the agent was started.'
    ]
  ])
  assert.deepEqual(problemsOf({ checkpointDir: 'file:///a', backupCheckpointDir: 'C:\\b' }).length, 1)
})

test('rules of Flume are kept in its words', () => {
  assert.deepEqual(problemsOf({ capacity: '100' }), [
    [
      'error',
      'transactionCapacity',
      'File Channel transaction capacity cannot be greater than the capacity of the channel.'
    ]
  ])
  assert.deepEqual(problemsOf({ useDualCheckpoints: 'true' }), [
    [
      'error',
      'backupCheckpointDir',
      'Dual checkpointing is enabled, but the backup directory is not set. Please set backupCheckpointDir to enable dual checkpointing'
    ]
  ])
  assert.deepEqual(
    problemsOf({ useDualCheckpoints: 'true', checkpointDir: '/a/b', backupCheckpointDir: ' /a/b/ ' }),
    [
      [
        'error',
        'backupCheckpointDir',
        'The checkpoint backup directory and the checkpoint directory are configured to be the same.'
      ]
    ]
  )
  assert.deepEqual(problemsOf({ maxFileSize: '0' }), [
    ['warning', 'maxFileSize', 'maxFileSize is 0, out of range; 1623195647 is used.']
  ])
  assert.deepEqual(problemsOf({ capacity: '-1', transactionCapacity: '0' }), [
    ['warning', 'transactionCapacity', 'transactionCapacity is 0, out of range; 10000 is used.'],
    ['warning', 'capacity', 'capacity is -1, out of range; 1000000 is used.']
  ])
  assert.deepEqual(problemsOf({ capacity: 'many' }).length, 1)
})

test('key providers and ciphers that are Java classes are refused, with what to do instead', () => {
  const given = {
    'encryption.keyProvider': 'com.example.Keys$Builder',
    'encryption.activeKey': 'k',
    'encryption.cipherProvider': 'com.example.Cipher'
  }

  assert.deepEqual(
    readSettings(file, given, none).problems.map(({ key, hint }) => [key, hint]),
    [
      [
        'encryption.keyProvider',
        'Write one of: JCEKSFILE. Java classes cannot be loaded: put the keys into a key store, or name a key file in encryption.keyFile.'
      ],
      [
        'encryption.cipherProvider',
        'Write one of: AESCTRNOPADDING. Java classes cannot be loaded, and what is written here has its own cipher.'
      ]
    ]
  )
})

test('its segments are its details, none once it is stopped', async () => {
  const channel = await fileChannel({ dataDirs: newFolder() })
  await channel.put(batchOf(['a', 'b']), never)
  const [segment] = channel.details().rows
  await channel.stop()

  assert.match(segment?.name ?? '', /seg-[0-9a-f]{12}$/)
  assert.deepEqual([segment?.state, segment?.events, channel.details().total], ['writing', 2, 0])
})

test("gauges have Flume's counters and the state of the log", async () => {
  const context = fakeChannelContext<typeof LOG_METRICS>()
  const channel = await fileChannel({ dataDirs: newFolder() }, context)
  await channel.put(batchOf(['a']), never)

  const { Open, Closed, Unhealthy, Segments, SkippedEventCount, BytesOnDisk } = channel.gauges()
  const { count, p50 } = context.timers.SyncMillis.read()

  assert.deepEqual(
    { Open, Closed, Unhealthy, Segments, SkippedEventCount },
    { Open: true, Closed: 0, Unhealthy: 0, Segments: 1, SkippedEventCount: 0 }
  )
  assert.ok(count > 0 && p50 > 0 && Number(BytesOnDisk) > 0)
})

test('a user without a home needs dataDirs alone', () => {
  const environment = { variables: {}, properties: { 'user.home': '' }, configDirectory: undefined }
  const given = settingsOf(file, { dataDirs: '/data/one,/data/two' }, none)

  const places = placesOf(given, environment)

  assert.deepEqual(places, {
    checkpointDir: '/data/one',
    backupCheckpointDir: undefined,
    dataDirs: ['/data/one', '/data/two']
  })
  assert.throws(() => placesOf(settingsOf(file, {}, none), environment), {
    message: /Set HOME .* or dataDirs\./
  })
})
