import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { SmallDisk } from '../crash/small-disk.ts'
import { startAgent, temporaryFolder, type AgentProcess } from './agent-process.ts'
import { converse } from './line-client.ts'

const NO_ROOM = { minimumRequiredSpace: '900000000000000', 'keep-alive': '0' }
/** More than one transaction of the first channel holds. */
const MANY = 3000

type Settings = Readonly<Record<string, string>>

describe(
  'lines that a second channel refuses are answered FAILED, and are in the first one once',
  {
    concurrency: 2
  },
  () => {
    for (const { name, first = memory(), second } of [
      { name: 'memory, then a file channel without room', second: file('c2', NO_ROOM) },
      {
        name: 'two file channels, the second without room',
        first: file('c1'),
        second: file('c2', NO_ROOM)
      },
      {
        name: 'memory, then a spillable channel without room on disk',
        second: { ...file('c2', NO_ROOM), type: 'spillablememory', memoryCapacity: '0', overflowTimeout: '0' }
      },
      {
        name: 'memory, then a full memory channel',
        second: { type: 'memory', 'keep-alive': '0', capacity: '1', transactionCapacity: '1' }
      }
    ]) {
      test(name, async () => {
        using folder = temporaryFolder()
        await using agent = await start(folder.path, [first, second])
        const port = await agent.portOf('in')
        // The memory channel that is to be full keeps its one event, as its sink cannot write.
        const isFull = second.type === 'memory'
        if (isFull) await converse(port, 'first\n')

        const { oks, refusals } = await converse(port, linesOf(100))
        await agent.stop()

        assert.deepEqual([oks, refusals.length], [0, 100])
        assert.deepEqual(delivered(folder.path), [...(isFull ? ['first'] : []), ...numbersTo(100)])
        const received = isFull
          ? 'received 101, accepted 1, rejected 100'
          : 'received 100, accepted 0, rejected 100'
        assert.match(agent.stdout, new RegExp(`^source in: ${received} \\(100 ERR_`, 'm'))
      })
    }

    test('memory, then a database on a disk that is really full', async t => {
      using disk = SmallDisk.mount()
      if (disk === undefined) return t.skip('a small disk cannot be mounted here')
      using folder = temporaryFolder()
      const url = `jdbc:sqlite:${join(disk.path, 'events.sqlite')}`
      await using agent = await start(folder.path, [memory(), { type: 'jdbc', 'driver.url': url }])
      const port = await agent.portOf('in')
      disk.fill()

      const { oks, refusals } = await converse(port, linesOf(MANY))
      await agent.stop()

      assert.ok(refusals.length > 0, 'the disk was not full')
      assert.deepEqual(delivered(folder.path), numbersTo(MANY))
      assert.match(
        agent.stdout,
        new RegExp(`^source in: received ${MANY}, accepted ${oks}, rejected ${refusals.length} `, 'm')
      )
      assert.equal(oks + refusals.length, MANY)
    })

    test('memory, then a file channel on a disk that is really full', async t => {
      using disk = SmallDisk.mount()
      if (disk === undefined) return t.skip('a small disk cannot be mounted here')
      using folder = temporaryFolder()
      const settings = file('c2', {
        minimumRequiredSpace: '1048576',
        maxFileSize: '2000000',
        'keep-alive': '0'
      })
      const text = linesOf(MANY, 1000)
      await using agent = await start(folder.path, [memory(), settings], disk.path)
      const port = await agent.portOf('in')
      disk.fill(1_048_576)

      const { oks, refusals } = await converse(port, text)
      await agent.stop()

      assert.ok(refusals.length > 0, 'the disk was not full')
      assert.equal(oks + refusals.length, MANY)
      assert.equal(delivered(folder.path).length, MANY)
    })
  }
)

/** c1 is drained to files; c2's sink cannot write. */
async function start(
  folder: string,
  [first, second]: readonly [Settings, Settings],
  store = folder
): Promise<AgentProcess> {
  mkdirSync(join(folder, 'out'))
  const roll = { type: 'file_roll', 'sink.rollInterval': '0', 'sink.batchSize': '1' }
  const parts: Record<string, Settings> = {
    'sources.in': {
      type: 'netcat',
      bind: '127.0.0.1',
      port: '0',
      'max-line-length': '2000',
      channels: 'c1 c2'
    },
    'channels.c1': first,
    'channels.c2': second,
    'sinks.k1': { ...roll, 'sink.batchSize': '100', 'sink.directory': join(folder, 'out'), channel: 'c1' },
    'sinks.k2': { ...roll, 'sink.directory': join(folder, 'missing'), channel: 'c2' }
  }
  const text = Object.entries(parts).flatMap(([part, settings]) =>
    Object.entries(settings).map(([key, value]) => `a.${part}.${key} = ${value.replaceAll('STORE', store)}\n`)
  )
  const conf = join(folder, 'a.conf')
  writeFileSync(conf, `a.sources = in\na.channels = c1 c2\na.sinks = k1 k2\n${text.join('')}`)
  return startAgent(['-n', 'a', '-f', conf, '-Dflume.stop.timeout=2'])
}

function memory(): Settings {
  return { type: 'memory', capacity: '100000', transactionCapacity: '1000' }
}

function file(name: string, more: Settings = {}): Settings {
  return { type: 'file', checkpointDir: `STORE/${name}/checkpoint`, dataDirs: `STORE/${name}/data`, ...more }
}

/** Numbers, and behind them as many bytes as wanted. */
function linesOf(count: number, bytes = 0): string {
  return numbersTo(count)
    .map(number => `${number.padEnd(bytes)}\n`)
    .join('')
}

function numbersTo(count: number): string[] {
  return Array.from({ length: count }, (_, number) => String(number))
}

/** What the sink of the first channel wrote, in order. */
function delivered(folder: string): string[] {
  const out = join(folder, 'out')
  const text = readdirSync(out).map(name => readFileSync(join(out, name), 'utf8'))
  return text
    .join('')
    .split('\n')
    .slice(0, -1)
    .map(line => line.trimEnd())
}
