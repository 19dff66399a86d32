import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { AgentProcess, HOME, LAUNCHER, talk, temporaryFolder } from './agent-process.ts'
import { PLAIN, STUCK } from './plain-agent.ts'
import { until } from './watched-agent.ts'
/** Runs what follows as process 1 of a world of its own, as a container does. */
const AS_FIRST = ['--pid', '--fork', '--mount-proc', '--kill-child']
const PROGRAMS = {
  launcher: [LAUNCHER],
  'launcher with flume-env.sh': [LAUNCHER],
  'Node itself': [process.execPath, '--expose-gc', join(HOME, 'bin', 'start.mjs')]
}

/** Nobody has this number. */
const AS_UNKNOWN = ['--reuid=54321', '--regid=54321', '--clear-groups', '--']

const unknown =
  spawnSync('setpriv', [...AS_UNKNOWN, 'test', '-x', LAUNCHER]).status !== 0 &&
  'such a user cannot be taken on here, or may not read the sources'
const cannot =
  spawnSync('unshare', [...AS_FIRST, 'true']).status !== 0 && 'this user may not make processes 1'

describe('as process 1', { skip: cannot }, () => {
  for (const [name, program] of Object.entries(PROGRAMS)) {
    test(`SIGTERM ends the agent, a second one at once: ${name}`, async () => {
      using folder = conf(STUCK, name.endsWith('flume-env.sh'))
      await using agent = started(program, folder.path)
      await talk(await agent.portOf('r1'), 'kept\n', 1)
      const first = await firstOf(agent)
      process.kill(first, 'SIGQUIT')
      await agent.said(/\[sink k1\] State\./)
      process.kill(first, 'SIGTERM')
      await agent.said(/Still stopping\. A second signal ends the agent at once\./)
      process.kill(first, 'SIGTERM')
      const { code } = await agent.ended()

      assert.equal(code, 143)
      assert.doesNotMatch(agent.output, /are lost/)
    })

    if (program[0] !== LAUNCHER) continue
    test(`SIGTERM ends it however early it comes: ${name}`, async () => {
      using folder = conf(PLAIN, name.endsWith('flume-env.sh'))
      await using agent = started(program, folder.path)
      const first = await firstOf(agent)
      await until(() => childrenOf(first).some(pid => commandLine(pid).includes('start.mjs')))
      process.kill(first, 'SIGTERM')

      assert.equal((await agent.ended()).code, 143)
    })
  }

  test('an orphan of a filter command is taken in', async () => {
    using folder = conf(PLAIN.replace('port = 0', 'port = ${port["0"]}') + FILTER)
    const command = join(folder.path, 'command')
    const gate = join(folder.path, 'gate')
    assert.equal(spawnSync('mkfifo', [gate]).status, 0)
    writeFileSync(command, `#!/bin/sh\nread word <'${gate}' >/dev/null 2>&1 &\necho 0\n`)
    chmodSync(command, 0o755)
    await using agent = started(PROGRAMS.launcher, folder.path, { COMMAND: command })
    await agent.started()
    const first = await firstOf(agent)
    const [orphan = 0] = childrenOf(first).filter(pid => commandLine(pid).includes(command))
    writeFileSync(gate, 'go\n')
    await until(() => !childrenOf(first).includes(orphan))

    assert.notEqual(orphan, 0)
  })
})

describe('as a user whom the machine does not know', { skip: unknown }, () => {
  for (const home of [undefined, '/nowhere']) {
    test(`configurations run, and a name is asked for where one is needed; HOME: ${home ?? 'none'}`, async () => {
      using folder = readableByAll(conf(STUCK))
      const file = join(folder.path, 'a.conf')
      const run = (env: Record<string, string>, ...words: string[]): AgentProcess =>
        new AgentProcess([...AS_UNKNOWN, LAUNCHER, ...words], {
          program: 'setpriv',
          cwd: '/',
          env: { HOME: home, FLUME_HOME: undefined, ...env }
        })
      await using validated = run({}, 'validate', '-f', file)
      await using listed = run({}, 'fs', '-ls', 'webhdfs://127.0.0.1:1/')
      await using nameless = run({}, 'agent', '-f', file)
      await using named = run({ HADOOP_USER_NAME: 'somebody' }, 'agent', '-f', file)
      const answers = [
        await talk(await nameless.portOf('r1'), 'one\n', 1),
        await talk(await named.portOf('r1'), 'one\n', 1)
      ]

      assert.deepEqual([answers, (await validated.ended()).code], [['OK\n', 'OK\n'], 0])
      const wanted = /has no name on this machine; name one in HADOOP_USER_NAME\./
      assert.match(validated.stdout, /warning HDFS_NO_USER .* wants to know who writes\./)
      assert.match(nameless.stdout, wanted)
      assert.doesNotMatch(named.output, /HADOOP_USER_NAME/)
      assert.equal((await listed.ended()).code, 1)
      assert.match(listed.stderr, wanted)
    })
  }
})

const FILTER = `a1.configfilters = port
a1.configfilters.port.type = external
a1.configfilters.port.command = \${env:COMMAND}
`

function conf(text: string, withEnvironment = false): { path: string } & Disposable {
  return temporaryFolder({
    'a.conf': text,
    ...(withEnvironment ? { 'flume-env.sh': ': "$JAVA_OPTS"\n' } : {})
  })
}

function readableByAll<T extends { readonly path: string }>(folder: T): T {
  chmodSync(folder.path, 0o755)
  return folder
}

function started(program: readonly string[], folder: string, env: Record<string, string> = {}): AgentProcess {
  const words = ['agent', '-c', folder, '-f', join(folder, 'a.conf')]
  return new AgentProcess([...AS_FIRST, ...program, ...words], { program: 'unshare', env })
}

/** The number of process 1, seen from outside. */
async function firstOf(agent: AgentProcess): Promise<number> {
  let first: number | undefined
  await until(() => (first = childrenOf(agent.child.pid ?? 0)[0]) !== undefined)
  return first ?? 0
}

function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    return text.split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}
