import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CrashAgent, listeningPort, sendLine } from './crash-agent.ts'
import { killAgents } from './kill-run.ts'

const KILLS = Number(process.env['MILLRACE_KILLS'] ?? 4)
const SEED = Number(process.env['MILLRACE_SEED'] ?? 1)

const CHANNELS = {
  jdbc: { 'channels.file.type': 'jdbc', 'channels.file.driver.url': 'jdbc:sqlite:CHANNEL/events.sqlite' },
  'spillablememory without memory': {
    'channels.file.type': 'spillablememory',
    'channels.file.memoryCapacity': '0'
  }
}

for (const [name, settings] of Object.entries(CHANNELS)) {
  test(`killed agents with the channel ${name} lose nothing that they acknowledged`, async () => {
    const { acknowledged, wrong } = await killAgents({ kills: KILLS, seed: SEED, settings })

    assert.deepEqual(wrong, [])
    assert.ok(acknowledged > 0)
  })
}

test('a stopped agent gives what its spillablememory channel held to the next one, in order', async () => {
  using agent = new CrashAgent({
    'channels.file.type': 'spillablememory',
    'channels.file.memoryCapacity': '3',
    'channels.file.overflowTimeout': '0',
    sinks: ''
  })
  const first = agent.begin()
  const port = await listeningPort(first)
  for (const line of ['one', 'two', 'three', 'four', 'five']) await sendLine(port, line)
  await first.stop('SIGTERM')

  agent.change({ sinks: 'out' })
  await using second = agent.begin()
  await listeningPort(second)
  await agent.deliveredLine('five')

  assert.deepEqual(agent.delivered(), [[], ['one', 'two', 'three', 'four', 'five']])
})
