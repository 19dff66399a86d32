import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { temporaryFolder } from './agent-process.ts'
import { converse, numbered, numbersOf, upTo } from './line-client.ts'
import { EMBEDDED_HDFS, WatchedAgent } from './watched-agent.ts'

const channel = { capacity: '1000', transactionCapacity: '100', 'keep-alive': '0' }
const SINKS = { file_roll: {}, hdfs: EMBEDDED_HDFS }

for (const [name, sink] of Object.entries(SINKS)) {
  describe(`sink ${name}`, { concurrency: 4 }, () => {
    test('a full disk: the channel fills, lines are refused, and go on once there is room, each stored once', async t => {
      using disk = smallDisk('size=2m')
      if ('skip' in disk) return t.skip(disk.skip)
      const filler = join(disk.path, 'filler')
      writeFileSync(filler, Buffer.alloc(1024 * 1024))
      const out = join(disk.path, 'out')
      mkdirSync(out)
      await using agent = await WatchedAgent.start({ channel, sink }, { out })
      const port = await agent.port()
      const oks: number[] = []
      let from = 0
      for (let refused = false; !refused && from < 100_000; from += 100) {
        const client = await converse(port, numbered(from, 100))
        oks.push(...upTo(from + client.oks).slice(from))
        refused = client.refusals.length > 0
      }
      await agent.process.said(/no space left/i)
      rmSync(filler)
      await agent.delivered(oks.length)
      const after = await converse(port, numbered(from, 10))
      await agent.stop()

      assert.ok(oks.length > 5000 && from < 100_000, `${oks.length} of ${from}`)
      assert.equal(after.oks, 10)
      assert.deepEqual(numbersOf(agent.storedLines()), [...oks, ...upTo(from + 10).slice(from)])
    })

    test('a folder that cannot be written to: lines wait in the channel until it can', async () => {
      using disk = lockableFolder()
      disk.lock()
      await using agent = await WatchedAgent.start({ channel, sink }, { out: disk.path })
      const client = await converse(await agent.port(), numbered(0, 50))
      await agent.process.said(/cannot be written to|read-only|permission/i)
      disk.unlock()
      await agent.delivered(50)
      await agent.stop()

      assert.equal(client.oks, 50)
      assert.deepEqual(numbersOf(agent.storedLines()), upTo(50))
    })

    test('a folder that vanishes under the open file: what comes later is stored once it is back', async () => {
      using folder = temporaryFolder()
      const out = join(folder.path, 'out')
      mkdirSync(out)
      await using agent = await WatchedAgent.start({ channel, sink }, { out })
      const port = await agent.port()
      await converse(port, numbered(0, 10))
      await agent.delivered(10)
      rmSync(out, { recursive: true })
      const client = await converse(port, numbered(10, 500))
      if (name === 'file_roll') {
        await agent.process.said(/Unable to deliver event/)
        mkdirSync(out)
      }
      await agent.delivered(510)
      await agent.stop()

      assert.equal(client.oks, 500)
      assert.deepEqual(numbersOf(agent.storedLines()), upTo(510).slice(10))
    })

    test(`a folder that does not exist yet: ${name === 'hdfs' ? 'it is made' : 'lines wait until it is'}`, async () => {
      using folder = temporaryFolder()
      const out = join(folder.path, 'deep', 'out')
      await using agent = await WatchedAgent.start({ channel, sink }, { out })
      const client = await converse(await agent.port(), numbered(0, 50))
      if (name === 'file_roll') {
        assert.match(agent.process.output, /does not exist; create it/)
        mkdirSync(out, { recursive: true })
      }
      await agent.delivered(50)
      await agent.stop()

      assert.equal(client.oks, 50)
      assert.deepEqual(numbersOf(agent.storedLines()), upTo(50))
    })
  })
}

/** A disk of its own in memory, gone at the end; needs root. */
function smallDisk(options: string): ({ path: string } | { skip: string }) & Disposable {
  const nothing = { [Symbol.dispose]: () => undefined }
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return { skip: 'Only root can mount a small disk.', ...nothing }
  const folder = temporaryFolder()
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder.path], { stdio: 'pipe' })
  } catch (error) {
    folder[Symbol.dispose]()
    return { skip: `No small disk can be mounted here: ${String(error)}`, ...nothing }
  }
  return {
    path: folder.path,
    [Symbol.dispose]: () => {
      execFileSync('umount', ['-l', folder.path])
      folder[Symbol.dispose]()
    }
  }
}

interface Lockable extends Disposable {
  readonly path: string
  lock(): void
  unlock(): void
}

/** A folder that can be made unwritable: by its mode, or for root, who may write everywhere, as a read-only disk. */
function lockableFolder(): Lockable {
  const disk = smallDisk('size=2m')
  if (!('skip' in disk)) {
    const remount = (mode: string): void => {
      execFileSync('mount', ['-o', `remount,${mode}`, disk.path])
    }
    return {
      path: disk.path,
      lock: () => remount('ro'),
      unlock: () => remount('rw'),
      [Symbol.dispose]: () => disk[Symbol.dispose]()
    }
  }
  const folder = temporaryFolder()
  const unlock = (): void => chmodSync(folder.path, 0o755)
  return {
    path: folder.path,
    lock: () => chmodSync(folder.path, 0o555),
    unlock,
    [Symbol.dispose]: () => {
      unlock()
      folder[Symbol.dispose]()
    }
  }
}
