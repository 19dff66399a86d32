import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hadoopShell } from '../services/hdfs/hadoop-shell.ts'
import { Service, startService } from '../services/start-service.ts'
import { LineClient, numbered, numbersOf, upTo } from './line-client.ts'
import { WatchedAgent } from './watched-agent.ts'

test('a NameNode that goes away and comes back: lines are accepted all the time, and each is in HDFS at the end', async t => {
  const service = await startService('hdfs')
  if (!(service instanceof Service)) return t.skip(service.skip)
  t.after(() => service.stop())
  const sink = {
    type: 'hdfs',
    'hdfs.path': `webhdfs://127.0.0.1:${service.port('httpPort')}/user/flume/away`,
    'hdfs.fileType': 'DataStream',
    'hdfs.rollInterval': '0',
    'hdfs.rollSize': '0',
    'hdfs.rollCount': '700',
    'hdfs.batchSize': '500'
  }
  await using agent = await WatchedAgent.start(
    { channel: { capacity: '100000', transactionCapacity: '500' }, sink },
    {
      env: { HADOOP_USER_NAME: 'flume' }
    }
  )
  using client = await LineClient.dial(await agent.port())
  await client.send(numbered(0, 1000))
  await agent.delivered(1000)
  await service.command('stop-namenode 0')
  await client.send(numbered(1000, 2000))
  await client.answered(3000)
  await agent.process.said(/Unable to deliver event/)
  await client.send(numbered(3000, 1000))
  await client.answered(4000)
  const { channels } = await agent.balance()
  await service.command('start-namenode 0')
  await agent.delivered(4000)
  await client.finish()
  const { code } = await agent.stop()

  assert.deepEqual([client.oks, client.refusals, code], [4000, [], 143])
  assert.ok((channels[0]?.held ?? 0) > 0)
  const names = await hadoopShell(service, '-ls', '-C', '/user/flume/away')
  assert.doesNotMatch(names, /\.tmp/)
  const lines = (await hadoopShell(service, '-cat', '/user/flume/away/*')).split('\n').slice(0, -1)
  // A batch that failed in part comes again as a whole.
  assert.deepEqual(
    [...new Set(numbersOf(lines))].sort((a, b) => a - b),
    upTo(4000)
  )
})
