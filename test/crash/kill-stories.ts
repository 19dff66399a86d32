import { writeFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Random } from '../../src/testing/random.ts'
import { flumeFiles, FlumeLogWriter } from '../../src/testing/flume-folders.ts'
import { Account, Conversation } from './account.ts'
import type { CrashAgent } from './crash-agent.ts'
import { NOISE, SEQUENCE } from './killing.ts'
import type { KillRun } from './kill-plan.ts'
import { numberedLine } from './numbered-lines.ts'

/** A KillRun without its size. */
export type KillStory = Omit<KillRun, 'kills' | 'seed' | 'progress'>

const SMALL_FILES = { 'channels.file.maxFileSize': '1100000' }
const TWO_FOLDERS = { 'channels.file.dataDirs': 'CHANNEL/one,CHANNEL/two' }
const ZSTD = { 'channels.file.compression': 'zstd' }
const SMALL_BATCHES = { 'channels.file.transactionCapacity': '100', 'sinks.out.sink.batchSize': '100' }
const KEY = { 'channels.file.encryption.keyFile': 'CHANNEL/key' }
/** More lines than are delivered while a take is on its way to the disk. */
const UNCOMMITTED = 200_000
const FLUME_EVENTS = 30_000
const FLUME_TAKEN = 4000
const FLUME_TRANSACTION = 100

const OTHER_SOURCES = {
  sources: `in also ${SEQUENCE} ${NOISE}`,
  'sources.also.type': 'netcat',
  'sources.also.bind': '127.0.0.1',
  'sources.also.port': '0',
  'sources.also.channels': 'file',
  [`sources.${SEQUENCE}.type`]: 'seq',
  [`sources.${SEQUENCE}.batchSize`]: '997',
  [`sources.${SEQUENCE}.totalEvents`]: '300000',
  [`sources.${SEQUENCE}.channels`]: 'file',
  ...headerOf(SEQUENCE),
  [`sources.${NOISE}.type`]: 'stress',
  [`sources.${NOISE}.size`]: '700',
  [`sources.${NOISE}.batchSize`]: '300',
  [`sources.${NOISE}.maxEventsPerSecond`]: '30000',
  [`sources.${NOISE}.channels`]: 'file',
  ...headerOf(NOISE),
  'sinks.out.sink.serializer': 'header_and_text'
}

/** File channels. */
export const FILE_STORIES: Readonly<Record<string, KillStory>> = {
  'the file channel': { settings: {} },
  'the file channel with small files in two folders': {
    settings: { ...TWO_FOLDERS, ...SMALL_FILES },
    folders: ['one', 'two']
  },
  'the file channel with small transactions and batches': { settings: SMALL_BATCHES },
  'the file channel, everything read back from the disk': {
    settings: { ...SMALL_FILES, 'channels.file.memoryBytes': '0' }
  },
  'the file channel, whose takes are not waited for': {
    settings: { 'channels.file.fsyncPerTransaction': 'false' },
    inHand: UNCOMMITTED
  },
  'the file channel, encrypted': { settings: KEY, prepare: makeKey },
  'the file channel, compressed': { settings: ZSTD },
  'the file channel, encrypted, compressed, small files in two folders': {
    settings: { ...KEY, 'channels.file.compression': 'lz4', ...TWO_FOLDERS, ...SMALL_FILES },
    folders: ['one', 'two'],
    prepare: makeKey
  },
  'the file channel with two netcat, a seq and a stress source': { settings: OTHER_SOURCES, netcats: 2 },
  "the file channel, taking over Flume's folders": {
    settings: TWO_FOLDERS,
    folders: ['one', 'two'],
    deaths: ['first files', 'taking over', 'taking over', 'taking over', 'at work'],
    killsPerChannel: 5,
    prepare: makeFlumeFolders
  }
}

/** Other channels that keep their word over a kill. */
export const OTHER_STORIES: Readonly<Record<string, KillStory>> = {
  'the jdbc channel': {
    settings: {
      'channels.file.type': 'jdbc',
      'channels.file.driver.url': 'jdbc:sqlite:CHANNEL/events.sqlite'
    },
    folders: ['.']
  },
  'the spillablememory channel without memory': {
    settings: { 'channels.file.type': 'spillablememory', 'channels.file.memoryCapacity': '0' }
  },
  'the spillablememory channel, which may lose what is in its memory': {
    settings: {
      'channels.file.type': 'spillablememory',
      'channels.file.memoryCapacity': '3000',
      'channels.file.overflowTimeout': '0'
    },
    // While the disk still writes down a take, any number of events from memory may be delivered.
    inHand: UNCOMMITTED,
    forgets: 3000
  }
}

function headerOf(source: string): Record<string, string> {
  return {
    [`sources.${source}.interceptors`]: 'life',
    [`sources.${source}.interceptors.life.type`]: 'static',
    [`sources.${source}.interceptors.life.key`]: 'life',
    [`sources.${source}.interceptors.life.value`]: 'LIFE'
  }
}

function makeKey(agent: CrashAgent, random: Random): readonly Account[] {
  mkdirSync(agent.channel, { recursive: true })
  writeFileSync(join(agent.channel, 'key'), random.bytes(32).toString('hex'), { mode: 0o600 })
  return []
}

/** Two data folders of a Flume that was killed, with events put by turns, and the first ones taken. */
function makeFlumeFolders(agent: CrashAgent): readonly Account[] {
  const logs = { 'one/log-1': new FlumeLogWriter(), 'two/log-2': new FlumeLogWriter() }
  const [one, two] = [logs['one/log-1'], logs['two/log-2']]
  const places: [number, number][] = []
  let order = 1
  for (let first = 0; first < FLUME_EVENTS; first += FLUME_TRANSACTION) {
    const transaction = first / FLUME_TRANSACTION + 1
    const log = transaction % 2 === 0 ? one : two
    for (let number = first; number < first + FLUME_TRANSACTION; number++)
      places.push([log === one ? 1 : 2, log.put(transaction, order++, numberedLine('flume', number))])
    log.commit(transaction, order++, 1)
  }
  const taking = FLUME_EVENTS / FLUME_TRANSACTION + 2
  for (const [file, offset] of places.slice(0, FLUME_TAKEN)) one.take(taking, order++, file, offset)
  one.commit(taking, order++, 2)
  for (const [name, bytes] of flumeFiles(logs)) {
    const path = join(agent.channel, name)
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(path, bytes)
  }
  const account = new Account('flume')
  account.begin(new Conversation(FLUME_TAKEN, FLUME_EVENTS - FLUME_TAKEN))
  return [account]
}
