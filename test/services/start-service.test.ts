import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { descriptionOf, serviceNames } from './launch.ts'
import { Service, startService } from './start-service.ts'

function setVariables(t: TestContext, variables: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(variables)) {
    const before = process.env[name]
    process.env[name] = value
    t.after(() => {
      if (before === undefined) delete process.env[name]
      else process.env[name] = before
    })
  }
}

async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-service-'))
  t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
  return folder
}

test('where the tools are missing there is a reason to skip, or an error when services are required', async t => {
  setVariables(t, {
    PATH: '',
    MILLRACE_SERVICES_CACHE: await temporaryFolder(t),
    MILLRACE_REQUIRE_SERVICES: ''
  })

  const skipped = await startService('hdfs')

  assert.ok('skip' in skipped)
  assert.match(skipped.skip, /^hdfs is not available: mvn failed: /)
  setVariables(t, { MILLRACE_REQUIRE_SERVICES: '1' })
  await assert.rejects(startService('hdfs'), /mvn failed/)
})

test('a service that is not known is an error', async () => {
  await assert.rejects(startService('nothing'), { message: 'There is no service nothing.' })
})

test('a server that does not start tells the end of its log, and leaves nothing', async t => {
  const service = await startService('hdfs', { options: { datanodes: 'many' } }).catch(
    (error: unknown) => error
  )

  if (!(service instanceof Error))
    return t.skip('skip' in Object(service) ? String(Object(service).skip) : 'it started')
  assert.match(service.message, /NumberFormatException/)
})

test('a stopped service takes its data with it', async t => {
  const service = await startService('hdfs')
  if (!(service instanceof Service)) return t.skip(service.skip)
  await assert.rejects(service.command('nonsense'), /FAILED .*unknown command/)

  await service.stop()

  await assert.rejects(access(service.directory))
  assert.throws(() => process.kill(service.pid, 0))
})

test('a service ends when the process that started it is killed', async t => {
  const script = `
    const { Service, startService } = await import(${JSON.stringify(import.meta.resolve('./start-service.ts'))})
    const service = await startService('hdfs', { directory: process.argv[1] })
    console.log(service instanceof Service ? service.port('httpPort') : service.skip)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, await temporaryFolder(t)], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  if (!/^\d+\n$/.test(String(line))) return t.skip(String(line))
  const socket = connect(Number(line), '127.0.0.1')
  await once(socket, 'connect')
  socket.on('error', () => undefined)

  child.kill('SIGKILL')

  await once(socket, 'close')
})

test('the page lists every service with what it is', async () => {
  const page = await readFile(join(import.meta.dirname, 'README.md'), 'utf8')
  const listed = [...page.matchAll(/^\| `(\w+)` \| (.*?) \|/gm)].map(match => match.slice(1))

  const described = await Promise.all(
    serviceNames().map(async name => [name, (await descriptionOf(name)).summary])
  )

  assert.deepEqual(listed, described)
})

const FLUME = `a1.sources = r1
a1.channels = c1
a1.sinks = k1
a1.sources.r1.type = netcat
a1.sources.r1.bind = 127.0.0.1
a1.sources.r1.port = {port:lines}
a1.sources.r1.channels = c1
a1.channels.c1.type = memory
a1.sinks.k1.type = file_roll
a1.sinks.k1.sink.directory = {directory}/written
a1.sinks.k1.channel = c1
`

test('Flume takes a line and answers OK', async t => {
  const directory = await temporaryFolder(t)
  await mkdir(join(directory, 'written'))
  const conf = join(directory, 'agent.conf')
  await writeFile(conf, FLUME)
  const service = await startService('flume', { directory, options: { conf } })
  if (!(service instanceof Service)) return t.skip(service.skip)
  t.after(() => service.stop())
  const socket = connect(service.port('lines'), '127.0.0.1')
  socket.write('hello\n')

  const [answer] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()

  assert.equal(String(answer), 'OK\n')
  assert.equal((await readdir(join(directory, 'written'))).length, 1)
})
