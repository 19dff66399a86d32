import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sendLine } from './counting-client.ts'
import { CrashAgent, listeningPort } from './crash-agent.ts'
import { OTHER_STORIES } from './kill-stories.ts'
import { testKills } from './kill-tests.ts'

testKills(OTHER_STORIES)

test('a stopped agent gives what its spillablememory channel held to the next one, in order', async () => {
  using agent = new CrashAgent({
    'channels.file.type': 'spillablememory',
    'channels.file.memoryCapacity': '3',
    'channels.file.overflowTimeout': '0',
    sinks: ''
  })
  await using first = agent.begin()
  const port = await listeningPort(first)
  for (const line of ['one', 'two', 'three', 'four', 'five']) await sendLine(port, line)
  await first.stop('SIGTERM')

  agent.change({ sinks: 'out' })
  await using second = agent.begin()
  await listeningPort(second)
  await agent.deliveredLine(second, 'five')

  assert.deepEqual(agent.delivered(), [[], ['one', 'two', 'three', 'four', 'five']])
})
