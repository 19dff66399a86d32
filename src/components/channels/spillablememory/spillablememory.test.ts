import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Channel } from '../../../core/contracts.ts'
import { readSettings, settingsOf } from '../../../core/read-settings.ts'
import { channelContract } from '../../../testing/channel-contract.ts'
import { batchOf, fakeChannelContext, textsOf } from '../../../testing/fake-context.ts'
import type { SPILLABLE_METRICS } from './spillable-channel.ts'
import spillablememory from './spillablememory.ts'

const none = (): undefined => undefined
const never = new AbortController().signal
const folder = mkdtempSync(join(tmpdir(), 'millrace-spillable-'))
const opened: Channel[] = []
let folders = 0

after(async () => {
  for (const channel of opened) await channel.stop()
  rmSync(folder, { recursive: true })
})

function newFolder(): string {
  return join(folder, String(folders++))
}

async function started(
  path: string,
  properties: Record<string, string>,
  context = fakeChannelContext<typeof SPILLABLE_METRICS>()
): Promise<Channel> {
  const given = {
    checkpointDir: join(path, 'checkpoint'),
    dataDirs: join(path, 'data'),
    minimumRequiredSpace: '0',
    ...properties
  }
  const channel = spillablememory.create(settingsOf(spillablememory, given, none), context)
  opened.push(channel)
  await channel.start()
  return channel
}

async function takeAll(channel: Channel): Promise<string[]> {
  const texts: string[] = []
  for (;;) {
    await using lease = await channel.take(100)
    if (lease === undefined) return texts
    texts.push(...textsOf(lease.batch))
    await lease.commit()
  }
}

channelContract<typeof SPILLABLE_METRICS>('spillablememory', ({ capacity, transactionCapacity }, context) =>
  started(
    '',
    {
      memoryCapacity: String(capacity),
      overflowCapacity: '0',
      transactionCapacity: String(transactionCapacity)
    },
    context
  )
)

test('after a clean stop another agent finds all events, in order', async () => {
  const path = newFolder()
  const settings = { memoryCapacity: '2', overflowTimeout: '0', overflowCapacity: 'unlimited' }
  const first = await started(path, settings)
  await first.put(batchOf(['a', 'b']), never)
  await first.put(batchOf(['c', 'd', 'e']), never)
  const lease = await first.take(1)
  await lease?.commit()
  await first.put(batchOf(['f']), never)
  await first.stop()

  const second = await started(path, settings)

  assert.deepEqual([second.capacity, second.size], [Infinity, 5])
  assert.deepEqual(await takeAll(second), ['b', 'c', 'd', 'e', 'f'])
})

test('after a crash what was on disk is there, and what was in memory is not', async () => {
  const [path, found] = [newFolder(), newFolder()]
  const settings = { memoryCapacity: '1', overflowTimeout: '0' }
  const before = await started(path, settings)
  await before.put(batchOf(['in memory']), never)
  await before.put(batchOf(['on disk']), never)
  cpSync(path, found, { recursive: true }) // what a crash at this moment would leave

  const channel = await started(found, settings)

  assert.deepEqual(await takeAll(channel), ['on disk'])
})

test('two channels cannot share folders', async () => {
  const path = newFolder()
  await started(path, {})

  await assert.rejects(started(path, {}, fakeChannelContext<typeof SPILLABLE_METRICS>({ name: 'other' })), {
    code: 'ERR_START',
    message: /^Cannot lock /
  })
})

test("numbers that are wrong mean a warning and Flume's default", () => {
  const { values, problems } = readSettings(
    spillablememory,
    {
      memoryCapacity: '-1',
      overflowCapacity: 'much',
      overflowTimeout: 'x',
      overflowDeactivationThreshold: '101',
      avgEventSize: '0'
    },
    none
  )

  assert.deepEqual(
    [
      values?.memoryCapacity,
      values?.overflowCapacity,
      values?.overflowTimeoutSeconds,
      values?.overflowDeactivationThreshold,
      values?.averageEventSize
    ],
    [10_000, 100_000_000, 3, 5, 500]
  )
  assert.deepEqual(
    problems.map(({ level, key }) => [level, key]),
    [
      ['warning', 'memoryCapacity'],
      ['warning', 'overflowCapacity'],
      ['warning', 'overflowTimeout'],
      ['warning', 'overflowDeactivationThreshold'],
      ['warning', 'avgEventSize']
    ]
  )
})

test("without room anywhere there is a warning, and Flume's default", async () => {
  const none0 = { memoryCapacity: '0', overflowCapacity: '0' }
  const channel = await started('', none0)

  assert.deepEqual(
    readSettings(spillablememory, none0, none).problems.map(({ level, key }) => [level, key]),
    [['warning', 'memoryCapacity']]
  )
  assert.deepEqual([channel.capacity, channel.durable], [10_000, false])
})

test('an overflow smaller than a transaction bounds it, and no more', async () => {
  const channel = await started(newFolder(), { memoryCapacity: '10', overflowCapacity: '20' })

  assert.equal(channel.transactionCapacity, 20)
})

test('capacity and keep-alive of the file channel are warned about', () => {
  const { problems } = readSettings(spillablememory, { capacity: '5', 'keep-alive': '1' }, none)

  assert.deepEqual(
    problems.map(({ code, key }) => [code, key]),
    [
      ['PROP_NO_EFFECT', 'capacity'],
      ['PROP_NO_EFFECT', 'keep-alive']
    ]
  )
})

test('rules of the file channel hold', () => {
  const { values, problems } = readSettings(spillablememory, { useDualCheckpoints: 'true' }, none)

  assert.equal(values, undefined)
  assert.match(problems[0]?.message ?? '', /^Dual checkpointing is enabled/)
})
