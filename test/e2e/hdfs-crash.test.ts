import assert from 'node:assert/strict'
import { readdirSync, readFileSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { startAgent, talk, temporaryFolder } from './agent-process.ts'

const CONF = `
a.sources = in
a.channels = mem
a.sinks = out
a.sources.in.type = netcat
a.sources.in.bind = 127.0.0.1
a.sources.in.port = 0
a.sources.in.channels = mem
a.channels.mem.type = memory
a.sinks.out.type = hdfs
a.sinks.out.channel = mem
a.sinks.out.hdfs.path = embedded:STORE/data
a.sinks.out.hdfs.fileType = DataStream
a.sinks.out.hdfs.rollInterval = 0
a.sinks.out.hdfs.rollSize = 0
a.sinks.out.hdfs.rollCount = 0
`

test('a killed agent leaves what it delivered in a .tmp file, and the next one completes it', async () => {
  using folder = temporaryFolder()
  const store = join(folder.path, 'store')
  using files = temporaryFolder({ 'flume.conf': CONF.replace('STORE', store) })
  const conf = ['-n', 'a', '-f', join(files.path, 'flume.conf')]

  const first = await startAgent(conf)
  await talk(await first.portOf('in'), 'one\ntwo\n', 2)
  await delivered(store, 'one\ntwo\n')
  await first.stop('SIGKILL')
  const [left = ''] = readdirSync(join(store, 'data'))
  utimesSync(join(store, 'data', left), 1_700_000_000, 1_700_000_000)
  await using second = await startAgent(conf)
  await second.said(/Completed an in-use file of an earlier run/)
  await second.stop()

  assert.match(left, /^FlumeData\.\d{13}\.tmp$/)
  const names = readdirSync(join(store, 'data'))
  assert.deepEqual(names, [left.slice(0, -'.tmp'.length)])
  assert.equal(readFileSync(join(store, 'data', names[0] ?? ''), 'utf8'), 'one\ntwo\n')
})

test('a stopped agent leaves complete files only', async () => {
  using folder = temporaryFolder()
  using files = temporaryFolder({ 'flume.conf': CONF.replace('STORE', folder.path) })
  await using agent = await startAgent(['-n', 'a', '-f', join(files.path, 'flume.conf')])
  await talk(await agent.portOf('in'), 'one\ntwo\n', 2)

  const { code } = await agent.stop('SIGINT')

  const names = readdirSync(join(folder.path, 'data'))
  assert.deepEqual([names.length, /^FlumeData\.\d{13}$/.test(names[0] ?? '')], [1, true])
  assert.equal(readFileSync(join(folder.path, 'data', names[0] ?? ''), 'utf8'), 'one\ntwo\n')
  assert.equal(code === 0 || code === 130, true)
  assert.match(agent.output, /Rolled a file/)
})

/** Resolves once the only file below the store holds this text. */
async function delivered(store: string, text: string): Promise<void> {
  for (;;) {
    try {
      const [name = ''] = readdirSync(join(store, 'data'))
      if (readFileSync(join(store, 'data', name), 'utf8') === text) return
    } catch {
      // Not there yet.
    }
    await new Promise(resolve => setImmediate(resolve))
  }
}
