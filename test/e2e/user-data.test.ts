// Where the configuration as shipped keeps what it writes.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  AgentProcess,
  HOME,
  LAUNCHER,
  runProgram,
  startAgent,
  talk,
  temporaryFolder
} from './agent-process.ts'

const MESSAGE = 'This is a test message'
/** Nobody has this number. */
const UID = '54321'

test("the store is among the user's data, and agent and fs agree on it wherever they are called", async () => {
  using folder = shippedFolder()
  using elsewhere = temporaryFolder()
  const env = { XDG_DATA_HOME: join(folder.path, 'data'), FLUME_HOME: undefined }
  await using agent = await startAgent(['-f', join(folder.path, 'conf')], { env, cwd: folder.path })
  await talk(await agent.portOf('source1'), `${MESSAGE}\n`, 1)
  await agent.stop()

  await using shown = await runProgram(['fs', '-text', '/user/flume/data/*'], { env, cwd: elsewhere.path })

  const store = join(folder.path, 'data', 'millrace', 'millrace-store')
  assert.ok(agent.stdout.includes(`embedded:${store}/user/flume/data`), agent.stdout)
  assert.ok(existsSync(join(store, 'user', 'flume', 'data')))
  assert.match(shown.stdout, /This is a test message/)
})

test('a user whom the machine does not know, without HOME, is told what to set', async t => {
  const nobody = ['--reuid', UID, '--regid', UID, '--clear-groups', '--']
  if (spawnSync('setpriv', [...nobody, 'test', '-x', LAUNCHER]).status !== 0)
    return t.skip('such a user cannot be taken on here, or may not read the sources')
  using folder = shippedFolder()
  const as = (...words: string[]) => ({
    words: [...nobody, LAUNCHER, ...words],
    options: {
      program: 'setpriv',
      cwd: tmpdir(),
      env: { HOME: undefined, XDG_DATA_HOME: undefined, FLUME_HOME: undefined }
    }
  })
  const started = as('agent', '-f', join(folder.path, 'conf'))
  const listed = as('fs', '-ls', '/')
  await using agent = new AgentProcess(started.words, started.options)
  await agent.started()
  await using shown = await runProgram(listed.words, listed.options)
  const { code } = await agent.stop()

  assert.equal(code, 143)
  for (const text of [agent.stdout, shown.stderr])
    assert.match(
      text,
      /The user of the process has no home folder\. Set HOME .*XDG_DATA_HOME.*core-site\.xml/
    )
})

/** The shipped conf/ at a free port, readable by everybody. */
function shippedFolder(): ReturnType<typeof temporaryFolder> {
  const folder = temporaryFolder()
  const conf = join(folder.path, 'conf')
  cpSync(join(HOME, 'conf'), conf, { recursive: true })
  const file = join(conf, 'flume.conf')
  writeFileSync(file, readFileSync(file, 'utf8').replace('44444', '0'))
  spawnSync('chmod', ['-R', 'a+rX', folder.path])
  return folder
}
