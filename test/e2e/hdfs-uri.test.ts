import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import { deadAddress } from '../../src/fs/webhdfs/testing/open-store.ts'
import { hadoopShell } from '../services/hdfs/hadoop-shell.ts'
import { Service, startService } from '../services/start-service.ts'
import { runProgram, startAgent, talk, temporaryFolder } from './agent-process.ts'

const started = await startService('hdfs', { options: { datanodes: '1' } })
after(async () => {
  if (started instanceof Service) await started.stop()
})

const AS_FLUME = { HADOOP_USER_NAME: 'flume' }

// The example of Flume's guide with a source, as users have it.
const agentFile = (path: string) => `# example.conf: A single-node Flume configuration
a1.sources = r1
a1.channels = c1
a1.sinks = k1

a1.sources.r1.type = netcat
a1.sources.r1.bind = localhost
a1.sources.r1.port = 0
a1.sources.r1.channels = c1

a1.channels.c1.type = memory
a1.channels.c1.capacity = 1000
a1.channels.c1.transactionCapacity = 100

a1.sinks.k1.type = hdfs
a1.sinks.k1.channel = c1
a1.sinks.k1.hdfs.path = ${path}/%y-%m-%d/%H%M/%S
a1.sinks.k1.hdfs.filePrefix = events-
a1.sinks.k1.hdfs.fileType = DataStream
a1.sinks.k1.hdfs.round = true
a1.sinks.k1.hdfs.roundValue = 10
a1.sinks.k1.hdfs.roundUnit = minute
a1.sinks.k1.hdfs.useLocalTimeStamp = true
`

function running(t: TestContext): Service | undefined {
  if (started instanceof Service) return started
  t.skip(started.skip)
  return undefined
}

/** What Hadoop's own shell prints of the file that an agent with this path wrote, and what the agent said. */
async function written(hdfs: Service, path: string, below: string, env: Readonly<Record<string, string>>) {
  using folder = temporaryFolder({ 'flume.conf': agentFile(path) })
  const args = ['-n', 'a1', '-f', join(folder.path, 'flume.conf')]
  await using agent = await startAgent(args, { env: { ...AS_FLUME, ...env } })
  await talk(await agent.portOf('r1'), `one ✓\ntwo ${path}\n`, 2)
  await agent.stop()
  return { text: await hadoopShell(hdfs, '-cat', `${below}/*/*/*/events-.*`), said: agent.output }
}

test("a file with hdfs://host:port, as Flume's users have it, runs on a real cluster unchanged", async t => {
  const hdfs = running(t)
  if (hdfs === undefined) return
  const uri = `hdfs://127.0.0.1:${hdfs.port('rpcPort')}`
  const site = { HADOOP_CONF_DIR: join(hdfs.directory, 'conf') }

  const { text, said } = await written(hdfs, `${uri}/user/flume/whole`, '/user/flume/whole', site)

  assert.equal(text, `one ✓\ntwo ${uri}/user/flume/whole\n`)
  assert.match(said, /note HDFS_BY_WEBHDFS a1\.sinks\.k1\.hdfs\.path: .* served over WebHDFS at http:\/\//)
})

test('a path without scheme goes where the core-site.xml of the cluster says', async t => {
  const hdfs = running(t)
  if (hdfs === undefined) return
  const site = { HADOOP_CONF_DIR: join(hdfs.directory, 'conf') }

  const { text } = await written(hdfs, '/user/flume/plain', '/user/flume/plain', site)

  assert.equal(text, 'one ✓\ntwo /user/flume/plain\n')
})

test('flume-ng fs takes hdfs: URIs, and validate says what the agent will do', async t => {
  const hdfs = running(t)
  if (hdfs === undefined) return
  const uri = `hdfs://127.0.0.1:${hdfs.port('rpcPort')}`
  using folder = temporaryFolder({ 'flume.conf': agentFile(`${uri}/x`) })
  const conf = join(hdfs.directory, 'conf')

  await using made = await runProgram(['fs', '-c', conf, '-mkdir', '-p', `${uri}/user/flume/a/b`], {
    env: AS_FLUME
  })
  await using listed = await runProgram(['fs', '-c', conf, '-ls', `${uri}/user/flume/a*`], { env: AS_FLUME })
  await using valid = await runProgram(['validate', '-c', conf, '-f', join(folder.path, 'flume.conf')])

  assert.deepEqual([made.code, made.output], [0, ''])
  assert.match(listed.stdout, new RegExp(`^Found 1 items\ndrwxr-xr-x .* ${uri}/user/flume/a/b\n$`))
  assert.match(valid.stdout, new RegExp(`leads to ${uri}, which is served over WebHDFS at http://127`))
  assert.match(valid.stdout, /ready to run; 3 of 3 components run; 2 warnings, 1 note\n$/)
})

test('who exchanges only the scheme is told that this is the RPC port', async t => {
  const hdfs = running(t)
  if (hdfs === undefined) return
  const uri = `webhdfs://127.0.0.1:${hdfs.port('rpcPort')}`
  using folder = temporaryFolder({ 'flume.conf': agentFile(`${uri}/user/flume/rpc`) })
  const sentence = /does not speak HTTP: it looks like the RPC port of a NameNode\./

  await using listed = await runProgram(['fs', '-ls', `${uri}/`])
  await using agent = await startAgent(['-n', 'a1', '-f', join(folder.path, 'flume.conf')])
  await talk(await agent.portOf('r1'), 'x\n', 1)
  await agent.said(sentence)

  assert.match(listed.stderr, sentence)
})

test('without site files, and with a closed port, the error says where WebHDFS was looked for', async t => {
  const hdfs = running(t)
  if (hdfs === undefined) return
  using folder = temporaryFolder()
  const conf = join(folder.path, 'conf')
  mkdirSync(conf)
  const rpc = `hdfs://127.0.0.1:${hdfs.port('rpcPort')}`
  const closed = await deadAddress()
  const properties = { 'fs.defaultFS': rpc, 'dfs.namenode.http-address': closed }
  const entries = Object.entries(properties).map(
    ([name, value]) => `<property><name>${name}</name><value>${value}</value></property>`
  )
  writeFileSync(join(conf, 'core-site.xml'), `<configuration>${entries.join('')}</configuration>`)

  await using listed = await runProgram(['fs', '-c', conf, '-ls', '/'])

  assert.equal(listed.code, 1)
  assert.match(
    listed.stderr,
    new RegExp(`${rpc} cannot be reached by WebHDFS at http://${closed}: .* dfs\\.namenode\\.http-address`)
  )
})
