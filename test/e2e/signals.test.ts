import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, renameSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { AgentProcess, LAUNCHER, startAgent, talk, temporaryFolder } from './agent-process.ts'
import { PLAIN, STUCK } from './plain-agent.ts'
import { until } from './watched-agent.ts'

test('SIGQUIT says what every component waits for, SIGUSR1 and SIGUSR2 end nothing, and no debugger opens', async () => {
  using folder = temporaryFolder({ 'a.conf': STUCK })
  await using agent = await startAgent([
    '-f',
    join(folder.path, 'a.conf'),
    '-Dflume.root.logger=WARN,console'
  ])
  await talk(await agent.portOf('r1'), 'kept\n', 1)
  await agent.said(/Unable to deliver event/)
  for (const signal of ['SIGUSR1', 'SIGUSR2', 'SIGQUIT'] as const) agent.child.kill(signal)

  await agent.said(/\[source r1\] State\. state=running waitsFor=events$/m)
  await agent.said(/\[channel c1\] State\. state=running waitsFor="its sinks to take 1 event"$/m)
  await agent.said(/\[sink k1\] State\. state=running waitsFor="(?:another attempt; attempt 1 failed: |the)/)
  assert.equal(await talk(await agent.portOf('r1'), 'lives on\n', 1), 'OK\n')
  assert.doesNotMatch(agent.output, /Debugger listening/)
})

test('before an agent listens, the debugger of SIGUSR1 finds no address', async () => {
  using folder = temporaryFolder({ 'a.conf': PLAIN })
  await using agent = await startAgent(['-f', join(folder.path, 'a.conf')])
  const words = commandLine(agent.child.pid ?? 0)
  const options = words.slice(
    1,
    words.findIndex(word => word.endsWith('start.mjs'))
  )

  // As early as it can be: no listener at all.
  const script =
    'process.kill(process.pid, "SIGUSR1"); require("node:net").createServer().listen(0, "127.0.0.1")'
  await using early = new AgentProcess([...options, '-e', script], { program: process.execPath })
  const [said] = await early.said(/Starting inspector on .* failed|Debugger listening/)

  assert.match(said, /failed$/)
})

test('SIGUSR1 opens the log file anew after something else moved it', async () => {
  using folder = temporaryFolder({ 'a.conf': PLAIN })
  using logs = temporaryFolder()
  const file = join(logs.path, 'flume.log')
  await using agent = await startAgent(['-f', join(folder.path, 'a.conf'), `-Dflume.log.dir=${logs.path}`])
  renameSync(file, join(logs.path, 'moved'))
  agent.child.kill('SIGUSR1')
  await until(() => existsSync(file))
  const { code } = await agent.stop()

  assert.equal(code, 143)
  assert.match(readFileSync(file, 'utf8'), /"message":"Stopping\."/)
})

test('what nohup has ignored ends nothing', async () => {
  using folder = temporaryFolder({ 'a.conf': PLAIN, 'flume-env.sh': ': "$JAVA_OPTS"\n' })
  for (const words of [[], ['-c', folder.path]]) {
    const script = [
      '-c',
      'trap "" HUP INT; exec "$0" "$@"',
      LAUNCHER,
      'agent',
      '-f',
      join(folder.path, 'a.conf')
    ]
    await using agent = new AgentProcess([...script, ...words], { program: '/bin/sh' })
    const port = await agent.portOf('r1')
    for (const signal of ['SIGHUP', 'SIGINT', 'SIGQUIT'] as const) agent.child.kill(signal)
    await agent.said(/\[sink k1\] State\./)
    const answer = await talk(port, 'lives on\n', 1)
    const { code } = await agent.stop('SIGTERM')

    assert.deepEqual([answer, code], ['OK\n', 143])
  }
})

test('a signal given twice at the same moment is one; a stop that lasts says what it waits for; the next signal ends it', async () => {
  using folder = temporaryFolder({ 'a.conf': STUCK })
  await using agent = await startAgent(['-f', join(folder.path, 'a.conf')])
  await talk(await agent.portOf('r1'), 'kept by the channel\n', 1)
  agent.child.kill('SIGTERM')
  agent.child.kill('SIGTERM')
  const [line] = await agent.said(/Still stopping\. A second signal ends the agent at once\. .*$/m)
  const early = /A second signal ends the agent at once\. signal/.test(agent.output)
  const { signal, code } = await agent.stop('SIGINT')

  assert.equal(early, false)
  assert.match(line, /waitsFor=\["drain of k1: .*"\] elapsedMs=\d+ atMostMs=\d+$/)
  assert.equal(signal === 'SIGINT' || code === 130, true, `${String(signal)} ${String(code)}`)
  assert.match(agent.stderr, /A second signal ends the agent at once\. signal=SIGINT/)
})

test('a stop timeout that is no number is said at the start', async () => {
  using folder = temporaryFolder({ 'a.conf': PLAIN })
  await using agent = await startAgent(['-f', join(folder.path, 'a.conf'), '-Dflume.stop.timeout=soon'])

  assert.match(agent.stderr, /flume\.stop\.timeout is not a whole number of seconds.* value=soon used=25/)
})

test(
  'a log file on a full disk does not keep an agent from ending',
  { skip: !existsSync('/dev/full') && 'there is no /dev/full' },
  async () => {
    using folder = temporaryFolder({ 'a.conf': PLAIN })
    const log = ['-Dflume.log.dir=/dev', '-Dflume.log.file=full']
    await using agent = await startAgent(['-f', join(folder.path, 'a.conf'), ...log])
    const ending = await agent.stop()

    assert.deepEqual(ending, { code: 143, signal: null })
    assert.match(agent.stderr, /The log file cannot be written or rolled: ENOSPC/)
    assert.match(agent.stdout, /^Every event is accounted for\.$/m)
  }
)

test(
  'a log file that cannot be opened, ever, does not keep an agent from ending',
  { skip: process.platform === 'win32' && 'there are no pipes with names' },
  async () => {
    using folder = temporaryFolder({ 'a.conf': PLAIN })
    using logs = temporaryFolder()
    const file = join(logs.path, 'flume.log')
    await using agent = await startAgent(['-f', join(folder.path, 'a.conf'), `-Dflume.log.dir=${logs.path}`])
    // To open it waits for a reader, as a disk on the net waits for its server.
    rmSync(file)
    assert.equal(spawnSync('mkfifo', [file]).status, 0)
    agent.child.kill('SIGUSR1')
    const port = await agent.portOf('r1')
    const answer = await talk(port, 'one\n', 1)
    const { code, signal } = await agent.stop()

    assert.equal(answer, 'OK\n')
    assert.equal(code === 143 || signal === 'SIGTERM', true, `${String(signal)} ${String(code)}`)
    assert.match(agent.stdout, /^Every event is accounted for\.$/m)
  }
)

for (const words of [['validate', '-f', 'conf'], ['version'], ['help'], ['tool'], ['fs', '-ls', '/']]) {
  test(
    `flume-ng ${words.join(' ')} fails in a line when its output cannot be written`,
    { skip: !existsSync('/dev/full') && 'there is no /dev/full' },
    async () => {
      const script = ['-c', 'exec "$0" "$@" >/dev/full', join('bin', 'flume-ng'), ...words]
      await using ran = new AgentProcess(script, { program: '/bin/sh' })
      const { code } = await ran.ended()

      assert.equal(code, 1)
      assert.match(ran.stderr, /^Error: .*ENOSPC: no space left on device, write\n$/)
    }
  )
}

function commandLine(pid: number): string[] {
  const { stdout } = spawnSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' })
  return stdout.trim().split(/\s+/)
}
