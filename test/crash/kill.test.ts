import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CrashAgent, listeningPort, sendLine } from './crash-agent.ts'
import { killAgents } from './kill-run.ts'

const KILLS = Number(process.env['MILLRACE_KILLS'] ?? 4)
const SEED = Number(process.env['MILLRACE_SEED'] ?? 1)

const say = (killed: number): void => {
  if (killed % 20 === 0) console.log(`${killed} agents killed`)
}

test('killed agents lose nothing that they acknowledged, keep the order, and repeat only what was not committed', async () => {
  const { acknowledged, wrong } = await killAgents({ kills: KILLS, seed: SEED, settings: {}, progress: say })

  assert.deepEqual(wrong, [])
  assert.ok(acknowledged > 0)
})

test('so they do with small segments and two folders', async () => {
  const settings = {
    'channels.file.dataDirs': 'CHANNEL/one,CHANNEL/two',
    'channels.file.maxFileSize': '1100000'
  }
  const { wrong } = await killAgents({ kills: Math.ceil(KILLS / 2), seed: SEED + 1, settings })

  assert.deepEqual(wrong, [])
})

test('a second agent on the same folder says so, and takes over when the first one dies', async () => {
  using agent = new CrashAgent()
  await using first = agent.begin()
  await sendLine(await listeningPort(first), 'to the first')
  await agent.deliveredLine('to the first')
  await using second = agent.begin()
  await second.said(/already locked by process/)

  await first.stop('SIGKILL')
  await sendLine(await listeningPort(second), 'to the second')

  await agent.deliveredLine('to the second')
  assert.deepEqual(agent.delivered(), [['to the first'], ['to the second']])
})
