import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sendLine } from './counting-client.ts'
import { CrashAgent, listeningPort } from './crash-agent.ts'
import { FILE_STORIES } from './kill-stories.ts'
import { testKills } from './kill-tests.ts'

testKills(FILE_STORIES)

test('a second agent on the same folder says so, and takes over when the first one dies', async () => {
  using agent = new CrashAgent()
  await using first = agent.begin()
  await sendLine(await listeningPort(first), 'to the first')
  await agent.deliveredLine(first, 'to the first')
  await using second = agent.begin()
  await second.said(/already locked by process/)

  await first.stop('SIGKILL')
  await sendLine(await listeningPort(second), 'to the second')

  await agent.deliveredLine(second, 'to the second')
  assert.deepEqual(agent.delivered(), [['to the first'], ['to the second']])
})
