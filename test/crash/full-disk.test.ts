import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { CountingClient } from './counting-client.ts'
import { CrashAgent, listeningPort } from './crash-agent.ts'
import { report } from './crash-report.ts'
import { emptied, fillUp, livesOnFillingDisk, type Scene, settle } from './full-disk-scene.ts'
import { SmallDisk } from './small-disk.ts'

const MEBIBYTE = 1024 * 1024
const SEED = Number(process.env['MILLRACE_SEED'] ?? 1)
const REFUSALS = 4
const SETTINGS = {
  'channels.file.checkpointDir': 'DISK/checkpoint',
  'channels.file.dataDirs': 'DISK/data',
  'channels.file.minimumRequiredSpace': '1048576',
  'channels.file.maxFileSize': '4000000',
  'channels.file.keep-alive': '0'
}
const SPILLABLE = {
  'channels.file.type': 'spillablememory',
  'channels.file.memoryCapacity': '500',
  'channels.file.overflowTimeout': '0'
}
const required = process.env['MILLRACE_REQUIRE_SERVICES'] === '1' && process.getuid?.() === 0

/** A test on a disk that is really full; skipped where none may be mounted. */
function testOnDisk(name: string, play: (scene: Scene) => Promise<void>): void {
  test(name, { timeout: 600_000 }, async (context: TestContext) => {
    using disk = SmallDisk.mount()
    if (disk === undefined) {
      assert.ok(!required, 'a small tmpfs cannot be mounted')
      context.skip('mounting a small tmpfs is not allowed here')
      return
    }
    const settings = Object.entries(SETTINGS).map(([key, value]) => [key, value.replace('DISK', disk.path)])
    using agent = new CrashAgent(Object.fromEntries(settings) as Record<string, string>)
    const client = new CountingClient('c', 1000)
    await play({ disk, agent, client })
    report(`full disk: ${name}; ${client.accepted} lines acknowledged, ${client.refused} refused`)
  })
}

const CHANNELS = { file: {}, spillablememory: SPILLABLE }
for (const [channel, settings] of Object.entries(CHANNELS)) {
  testOnDisk(
    `a ${channel} channel refuses puts, drains, and takes puts when space returns after a while`,
    async scene => {
      const { disk, agent, client } = scene
      agent.change(settings)
      await using life = agent.begin()
      const port = await listeningPort(life)

      // Everything that is left goes to another file, in the middle of the work.
      const working = fillUp(client, port)
      await client.accepts(1, working)
      disk.fill(MEBIBYTE / 2)
      await working
      await emptied(agent, life)
      for (let refusals = 0; refusals < REFUSALS; refusals++) await fillUp(client, port)
      await emptied(agent, life)
      disk.empty()
      await settle(scene, life)

      assert.match(life.output, /space|Space|full|ENOSPC/)
      assert.ok(client.refused >= REFUSALS)
    }
  )

  testOnDisk(`a ${channel} channel with a backlog starts on a full disk, and drains`, async scene => {
    const { disk, agent, client } = scene
    agent.change({ ...settings, 'channels.file.memoryCapacity': '0', sinks: '' })
    const first = agent.begin()
    await fillUp(client, await listeningPort(first))
    disk.fill()
    await first.stop('SIGKILL')

    agent.change({ sinks: 'out' })
    await using second = agent.begin()
    await listeningPort(second)
    await emptied(agent, second)
    disk.empty()
    await settle(scene, second)
  })
}

testOnDisk('a disk that fills while the agent starts costs nothing', async scene => {
  const { agent } = scene
  await livesOnFillingDisk(scene, SEED)

  await using life = agent.begin()
  await settle(scene, life)
})

testOnDisk('folders on a disk that is full from the beginning are made once it has room', async scene => {
  const { disk, agent, client } = scene
  disk.fill()
  await using life = agent.begin()
  await life.said(/ENOSPC|no space left/)
  const early = client.accepted
  disk.empty()

  await settle(scene, life)

  assert.equal(early, 0)
})
