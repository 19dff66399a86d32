import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, renameSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import { AgentProcess, HOME, runProgram, startAgent, talk, temporaryFolder } from './agent-process.ts'
import { PLAIN } from './plain-agent.ts'
import { until } from './watched-agent.ts'

const ARTICLE = readFileSync(join(HOME, 'conf', 'flume.conf'), 'utf8').replace('44444', '0')
const TEXT_FILES = ARTICLE.replace(
  'sink1.type = hdfs',
  'sink1.type = hdfs\n    sink1.hdfs.fileType = DataStream'
)
const MESSAGE = 'This is a test message'

test('the article’s file runs as printed: a line sent is answered, and is in the store after the stop', async () => {
  using folder = articleFolder(ARTICLE)
  await using agent = await startAgent(['-f', folder.path])
  const answer = await talk(await agent.portOf('source1'), `${MESSAGE}\n`, 1)
  const ending = await agent.stop()
  const [file = ''] = storedFiles(folder.path)

  assert.equal(answer, 'OK\n')
  assert.deepEqual(ending, { code: 143, signal: null })
  assert.equal(file.endsWith('.tmp'), false)
  assert.ok(readFileSync(file).includes(MESSAGE))
})

test('fs -text prints what the agent stored', async () => {
  using folder = articleFolder(ARTICLE)
  await using agent = await startAgent(['-f', folder.path])
  await talk(await agent.portOf('source1'), `${MESSAGE}\n`, 1)
  await agent.stop()

  await using shown = await runProgram(['fs', '-c', folder.path, '-text', '/user/flume/data/*'])

  assert.match(shown.stdout, /This is a test message/)
  assert.equal(shown.code, 0)
})

test('the summary draws the flow: what listens where and what is written where', async () => {
  using folder = articleFolder(TEXT_FILES)
  await using agent = await startAgent(['-f', folder.path], { env: { LC_ALL: 'C.UTF-8' } })

  assert.match(agent.stdout, /^Agent agent of .*flume\.conf runs\. Ctrl-C stops it\.$/m)
  assert.match(
    agent.stdout,
    /^ {2}source1 netcat \S+:\d+ ──▶ channel1 memory 0\/1000000 ──▶ sink1 hdfs embedded:\S+\/user\/flume\/data /m
  )
})

test('plain properties run with -n, and Ctrl-C ends the agent with 130', async () => {
  using folder = temporaryFolder({ 'a.properties': PLAIN })
  await using agent = await startAgent(['-n', 'a1', '-f', join(folder.path, 'a.properties')])
  await talk(await agent.portOf('r1'), 'hello\n', 1)
  await agent.said(/Event: .*hello/)

  assert.deepEqual(await agent.stop('SIGINT'), { code: 130, signal: null })
})

test('at the stop the final counters are logged and add up', async () => {
  using folder = articleFolder(TEXT_FILES)
  await using agent = await startAgent(['-f', folder.path])
  await talk(await agent.portOf('source1'), 'one\ntwo\n', 2)
  await agent.stop()

  for (const line of [
    'Component type: CHANNEL, name: channel1 stopped',
    'Shutdown Metric for type: CHANNEL, name: channel1. channel.event.put.success == 2',
    'Shutdown Metric for type: CHANNEL, name: channel1. channel.event.take.success == 2',
    'Shutdown Metric for type: SINK, name: sink1. sink.event.drain.sucess == 2'
  ]) {
    assert.ok(agent.stderr.includes(line), `${line}\n--\n${agent.stderr}`)
  }
})

test('a taken port is said, retried, and heals when it gets free', async () => {
  const holder = createServer().listen(0, '127.0.0.1')
  using _ = {
    [Symbol.dispose]: () => {
      holder.close()
    }
  }
  await once(holder, 'listening')
  const { port } = holder.address() as AddressInfo
  using folder = temporaryFolder({ 'a.conf': PLAIN.replace('port = 0', `port = ${port}`) })
  await using agent = await startAgent(['-f', join(folder.path, 'a.conf')])

  assert.match(agent.stdout, /The source r1 does not run yet and is tried again: .*taken/)
  holder.close()
  await agent.said(/\[source r1\] Listening\./)
  assert.equal(await talk(port, 'hello\n', 1), 'OK\n')
})

test('/metrics and /balance answer, and a taken monitoring port does not stop the agent', async () => {
  using folder = temporaryFolder({ 'a.conf': PLAIN })
  const conf = join(folder.path, 'a.conf')
  const monitored = ['-f', conf, '-Dflume.monitoring.type=http', '-Dflume.monitoring.bind=127.0.0.1']
  await using agent = await startAgent([...monitored, '-Dflume.monitoring.port=0'])
  await talk(await agent.portOf('r1'), 'hello\n', 1)
  const [, port = ''] = await agent.said(/^Counters: http:\/\/127\.0\.0\.1:(\d+)\/metrics$/m)
  const metrics = (await (await fetch(`http://127.0.0.1:${port}/metrics`)).json()) as Record<
    string,
    Record<string, string>
  >
  const balance = (await (await fetch(`http://127.0.0.1:${port}/balance`)).json()) as {
    differences: string[]
  }
  await using second = await startAgent([...monitored, `-Dflume.monitoring.port=${port}`])

  assert.equal(metrics['CHANNEL.c1']?.['EventPutSuccessCount'], '1')
  assert.deepEqual(balance.differences, [])
  await second.said(/JSON Metrics may not be available\./)
  assert.equal(await talk(await second.portOf('r1'), 'hello\n', 1), 'OK\n')
})

test('settings of flume-env.sh reach the agent: variables, and -D in JAVA_OPTS', async () => {
  using folder = temporaryFolder({
    'flume-env.sh':
      'export PORT_OF_TEST=0\nJAVA_OPTS="-Xmx20m -Dflume.monitoring.type=http -Dflume.monitoring.port=0"\n[[ -n $BASH ]] || exit 9\n',
    'flume.conf': PLAIN.replace('port = 0', 'port = ${env:PORT_OF_TEST}')
  })
  await using agent = await startAgent([
    '--conf',
    folder.path,
    '--conf-file',
    join(folder.path, 'flume.conf')
  ])

  assert.equal(await talk(await agent.portOf('r1'), 'hello\n', 1), 'OK\n')
  await agent.said(/^Counters: http/m)
})

test('JSON lines in ECS fields go to the file that flume.log.dir and flume.log.file name', async () => {
  using folder = temporaryFolder({ 'a.conf': PLAIN })
  const options = [
    '-Dflume.root.logger=DEBUG,LOGFILE',
    `-Dflume.log.dir=${folder.path}`,
    '-Dflume.log.file=x.log'
  ]
  await using agent = await startAgent(['-f', join(folder.path, 'a.conf'), ...options])
  await agent.stop()
  const lines = readFileSync(join(folder.path, 'x.log'), 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as Record<string, unknown>)
  const listening = lines.find(line => line['message'] === 'Listening.')

  assert.equal(agent.stderr, '')
  assert.equal(listening?.['log.logger'], 'source r1')
  assert.equal(listening['log.level'], 'info')
  assert.match(String(listening['@timestamp']), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
})

for (const { roll, names } of [
  { roll: [], names: ['archive', 'flume.log'] },
  { roll: ['-Dflume.log.roll=false'], names: ['flume.log'] }
]) {
  test(`a log file of another day is archived, unless told otherwise: ${roll.join('') || 'default'}`, async () => {
    using folder = temporaryFolder({ 'a.conf': PLAIN })
    using logs = temporaryFolder({ 'flume.log': 'old\n' })
    const then = new Date(2026, 0, 2, 12)
    utimesSync(join(logs.path, 'flume.log'), then, then)
    const options = [`-Dflume.log.dir=${logs.path}`, ...roll]
    await using agent = await startAgent(['-f', join(folder.path, 'a.conf'), ...options])
    await agent.stop()
    const old = join(logs.path, roll.length > 0 ? 'flume.log' : join('archive', 'flume.log.20260102-1'))

    assert.deepEqual(readdirSync(logs.path).sort(), names)
    assert.match(readFileSync(old, 'utf8'), /^old\n/)
    assert.match(readFileSync(join(logs.path, 'flume.log'), 'utf8'), /"message":"Listening\."/)
  })
}

test('SIGHUP opens the log file anew after something else moved it', async () => {
  using folder = temporaryFolder({ 'a.conf': PLAIN })
  using logs = temporaryFolder()
  const file = join(logs.path, 'flume.log')
  const options = [`-Dflume.log.dir=${logs.path}`]
  await using agent = await startAgent(['-f', join(folder.path, 'a.conf'), ...options])
  renameSync(file, join(logs.path, 'moved'))
  agent.child.kill('SIGHUP')
  await until(() => existsSync(file))
  await agent.stop()

  assert.match(readFileSync(join(logs.path, 'moved'), 'utf8'), /"message":"Listening\."/)
  assert.match(readFileSync(file, 'utf8'), /"message":"Stopping\."/)
})

test('an agent goes on when nobody reads what it says any more', async () => {
  using folder = temporaryFolder({ 'a.conf': PLAIN })
  await using agent = await startAgent(['-f', join(folder.path, 'a.conf')])
  const port = await agent.portOf('r1')
  agent.child.stdout?.destroy()
  agent.child.stderr?.destroy()
  const answers = [await talk(port, 'one\n', 1), await talk(port, 'two\n', 1), await talk(port, 'three\n', 1)]

  assert.deepEqual(answers, ['OK\n', 'OK\n', 'OK\n'])
  assert.equal((await agent.stop()).code, 143)
})

test('a stop that comes to its deadline says what was abandoned', async () => {
  using folder = temporaryFolder({
    'a.conf': PLAIN.replace(
      'k1.type = logger',
      'k1.type = hdfs\na1.sinks.k1.hdfs.path = webhdfs://127.0.0.1:1/x'
    )
  })
  await using agent = await startAgent(['-f', join(folder.path, 'a.conf'), '-Dflume.stop.timeout=1'])
  await talk(await agent.portOf('r1'), 'lost\n', 1)
  await agent.stop()

  assert.match(
    agent.stderr,
    /Events were still in a channel that does not keep them, and are lost\. channel=c1 events=1/
  )
})

test('an unknown agent name is warned about and the process stays up, as in Flume', async () => {
  using folder = temporaryFolder({ 'a.conf': PLAIN })
  await using agent = await startAgent(['-n', 'A1', '-f', join(folder.path, 'a.conf')])

  await agent.said(/No configuration found for this host:A1/)
  await agent.said(/Warning: agent A1 has no components .* The files hold: a1\./)
  assert.equal((await agent.stop()).code, 143)
})

test('where the locale is not UTF-8 everything is said in ASCII', async () => {
  using folder = temporaryFolder({ 'a.conf': PLAIN.replace('port = 0', 'port = abc') })
  const env = { LC_ALL: 'C' }
  const conf = ['-f', join(folder.path, 'a.conf')]
  await using agent = await startAgent(conf, { env })
  await agent.stop()
  const others = [
    ['validate', ...conf],
    ['help'],
    ['help', 'fs'],
    ['channel'],
    ['tool', 'fcintegritytool'],
    ['fs']
  ]
  const ran = await Promise.all(others.map(words => runProgram(words, { env })))

  assert.match(agent.stdout, /^ {2,}c1 memory 0\/100 --> k1 logger/m)
  for (const { output } of [agent, ...ran]) assert.match(output, /^[\x00-\x7f]+$/)
})

test('an agent that runs in part says what does not', async () => {
  using folder = temporaryFolder({ 'a.conf': PLAIN.replace('port = 0', 'port = abc') })
  await using agent = await startAgent(['-f', join(folder.path, 'a.conf')], { env: { LC_ALL: 'C.UTF-8' } })

  await agent.said(/a\.conf:6: .*port is "abc"/)
  assert.match(agent.stdout, /^ {2,}c1 memory 0\/100 ──▶ k1 logger/m)
})

for (const { name, args, text, says } of [
  { name: 'a missing file', args: ['-f', 'nowhere.conf'], says: /Error: Unable to read file nowhere\.conf/ },
  { name: 'an unknown option', args: ['--bogus'], says: /Error: Unrecognized option: --bogus/ },
  {
    name: 'an option without argument',
    args: ['-f', 'x', '-n'],
    says: /Error: Missing argument for option: n/
  },
  { name: 'no configuration', args: ['-n', 'a1'], says: /Error: No configuration was provided/ },
  {
    name: 'ZooKeeper',
    args: ['-n', 'a1', '-z', 'localhost:2181'],
    says: /ZooKeeper \(-z\) is not in this version/
  },
  { name: 'an empty file', args: [], text: '# nothing\n', says: /No configuration could be found/ },
  {
    name: 'a Java class as source',
    args: [],
    text: PLAIN.replace('= netcat', '= com.example.Mine'),
    says: /a\.conf:4: .*com\.example\.Mine/
  },
  {
    name: 'a block never closed',
    args: [],
    text: 'a1.sources {\n r1.type = netcat\n',
    says: /a\.conf:1: error/
  },
  {
    name: 'a finding of level error with --strict',
    args: ['--strict'],
    text: PLAIN.replace('port = 0', 'port = x'),
    says: /a\.conf:6: error/
  }
]) {
  test(`${name} is said on standard error, and the exit code is 1`, async () => {
    using folder = temporaryFolder({ 'a.conf': text ?? '' })
    const file = text === undefined ? [] : ['-f', join(folder.path, 'a.conf')]

    await using agent = await runProgram(['agent', ...file, ...args])

    assert.match(agent.stderr, says)
    assert.equal(agent.code, 1)
  })
}

test('a folder with several configurations is refused with their names', async () => {
  using folder = temporaryFolder({ 'a.conf': PLAIN, 'b.conf': PLAIN })
  await using agent = await runProgram(['agent', '-f', folder.path])

  assert.match(agent.stderr, /several configurations: a\.conf, b\.conf/)
  assert.equal(agent.code, 1)
})

test('flume.opts in the folder of --conf gives what the command line does not', async () => {
  using folder = temporaryFolder({ 'a.conf': PLAIN })
  using conf = temporaryFolder({
    'flume.opts': `conf-file = ${join(folder.path, 'a.conf')}\nn = a1\nno-reload-conf = yes\n`
  })
  await using agent = new AgentProcess(['agent', '-c', conf.path])

  await agent.started()
  assert.match(agent.stdout, /^Agent a1 of/m)
})

function articleFolder(text: string) {
  const folder = temporaryFolder({ 'flume.conf': text })
  const site = readFileSync(join(HOME, 'conf', 'core-site.xml'), 'utf8').replace(
    'embedded:millrace-store',
    `embedded:${join(folder.path, 'store')}`
  )
  writeFileSync(join(folder.path, 'core-site.xml'), site)
  return folder
}

function storedFiles(folder: string): string[] {
  const data = join(folder, 'store', 'user', 'flume', 'data')
  return readdirSync(data).map(name => join(data, name))
}
