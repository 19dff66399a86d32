import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../e2e/agent-process.ts'
import { CountingClient, CrashAgent, judge, listeningPort, sendLine } from './crash-agent.ts'

const MEBIBYTE = 1024 * 1024
const SIZE = 48 * MEBIBYTE

/** A file system that is really full when it is full; undefined where it may not be mounted. */
function smallDisk(): ({ path: string } & Disposable) | undefined {
  const folder = temporaryFolder()
  const path = join(folder.path, 'disk')
  mkdirSync(path)
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE}`, 'tmpfs', path])
  if (status !== 0) {
    folder[Symbol.dispose]()
    return undefined
  }
  return {
    path,
    [Symbol.dispose]: () => {
      spawnSync('umount', ['-l', path])
      folder[Symbol.dispose]()
    }
  }
}

const root = process.getuid?.() === 0
const required = process.env['MILLRACE_REQUIRE_SERVICES'] === '1' && root

test(
  'an agent on a full disk refuses puts, goes on taking, and recovers when space returns',
  { timeout: 2 ** 31 - 1 },
  async context => {
    using disk = smallDisk()
    if (disk === undefined) {
      assert.ok(!required, 'a small tmpfs cannot be mounted')
      context.skip('mounting a small tmpfs is not allowed here')
      return
    }
    const ballast = join(disk.path, 'ballast')
    const settings = {
      'channels.file.checkpointDir': join(disk.path, 'checkpoint'),
      'channels.file.dataDirs': join(disk.path, 'data'),
      'channels.file.minimumRequiredSpace': '1048576',
      'channels.file.maxFileSize': '4000000',
      'channels.file.keep-alive': '1',
      'sinks.out.sink.batchSize': '1000'
    }
    using agent = new CrashAgent(settings)
    const client = new CountingClient('c', 1000)
    await using life = agent.begin()
    const port = await listeningPort(life)

    // Everything that is left goes to another file, in the middle of the work.
    const working = client.run(port, () => client.refused > 0)
    await sendLine(port, 'before')
    const { bavail, bsize } = statfsSync(disk.path)
    writeFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - MEBIBYTE / 2)))
    await working
    const refused = client.refused
    rmSync(ballast)
    await client.untilAccepted(port)
    await sendLine(port, 'the end')
    await agent.deliveredLine('the end')
    const { code } = await life.stop()

    assert.ok(refused > 0)
    assert.ok(client.acknowledged.length > 0)
    assert.deepEqual(judge(agent.delivered(), [client], 0), [])
    assert.ok(code === 0 || code === 143)
    assert.match(life.output, /space|Space|full|ENOSPC/)
  }
)
