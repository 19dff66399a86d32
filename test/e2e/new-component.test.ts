// npm run new in a copy of the project: nothing has to be edited by hand for the folder to be part of everything.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'

const HOME = join(import.meta.dirname, '..', '..')
const LEFT_OUT = ['.git', '.cache', 'coverage', 'dist', 'node_modules']
/** The word for `npm run new`, the type, and the folder that it makes. */
const MADE = [
  ['polled-source', 'new_polled', 'sources/new-polled'],
  ['listening-source', 'new_listening', 'sources/new-listening'],
  ['channel', 'new_channel', 'channels/new-channel'],
  ['sink', 'new_sink', 'sinks/new-sink'],
  ['interceptor', 'new_interceptor', 'interceptors/new-interceptor'],
  ['selector', 'new_selector', 'selectors/new-selector'],
  ['processor', 'new_processor', 'processors/new-processor'],
  ['serializer', 'new_serializer', 'serializers/new-serializer']
] as const
const FOLDERS = MADE.map(([, , folder]) => `src/components/${folder}`)

let copy = ''

before(() => {
  copy = mkdtempSync(join(tmpdir(), 'millrace-new-'))
  for (const name of readdirSync(HOME).filter(entry => !LEFT_OUT.includes(entry)))
    cpSync(join(HOME, name), join(copy, name), { recursive: true })
  symlinkSync(join(HOME, 'node_modules'), join(copy, 'node_modules'))
  for (const [word, type] of MADE) run(process.execPath, ['scripts/new.ts', word, type])
  run(process.execPath, ['scripts/docs.ts'])
})

after(() => rmSync(copy, { recursive: true, force: true }))

test('new components of every kind type-check', () => {
  run('node_modules/.bin/tsc', ['-p', '.'])
})

test('they pass the lint and are formatted', () => {
  run('node_modules/.bin/oxlint', ['--type-aware', '--deny-warnings', ...FOLDERS])
  run('node_modules/.bin/oxfmt', ['--check', ...FOLDERS])
})

test('no file or export of theirs is unused', () => {
  run('node_modules/.bin/knip', [])
})

test('their own tests pass', () => {
  run(process.execPath, ['--test', ...FOLDERS.map(folder => `${folder}/*.test.ts`)])
})

test('they keep the conventions, and are in the list of components', () => {
  run(process.execPath, ['--test', 'test/conventions/*.test.ts'])
})

test('they keep what every component promises', () => {
  run(process.execPath, ['--test', '--test-name-pattern=/new_/', 'test/conformance/conformance.test.ts'])
})

test('their pages are in the manual', () => {
  for (const folder of FOLDERS) {
    const page = readFileSync(
      join(copy, `docs/reference/${folder.slice('src/components/'.length)}.md`),
      'utf8'
    )
    assert.match(page, /^# \w+ new_\w+$/m)
  }
})

test('their examples run, or are valid where they need a server', () => {
  run(process.execPath, ['--test', '--test-name-pattern=/new-/', 'test/quick/examples.test.ts'])
})

test('an example that needs a server runs with it', () => {
  run(process.execPath, ['--test', '--test-name-pattern=/new-/', 'test/services/examples.test.ts'])
})

test('the class names of Flume are filled in, and what was known of the type before counts no more', () => {
  run(process.execPath, ['scripts/new.ts', 'listening-source', 'syslogtcp'])

  const code = readFileSync(join(copy, 'src/components/sources/syslogtcp/syslogtcp.ts'), 'utf8')
  assert.match(code, /classes: \['org\.apache\.flume\.source\.SyslogTcpSource'\]/)
  const conf = join(copy, 'src/components/sources/syslogtcp/syslogtcp.conf')
  const text = readFileSync(conf, 'utf8').replace('= syslogtcp', '= org.apache.flume.source.SyslogTcpSource')
  writeFileSync(join(copy, 'by-class.conf'), text)
  run(process.execPath, ['bin/start.mjs', 'validate', '--strict', '-f', 'by-class.conf'])
})

test('the change note names the component', () => {
  assert.equal(readFileSync(join(copy, 'changes/sink-new-sink.added.md'), 'utf8'), 'The sink `new_sink`.\n')
})

test('what is there already is left alone', () => {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/new.ts', 'sink', 'new_sink'], {
    cwd: copy,
    encoding: 'utf8'
  })

  assert.deepEqual([status, stderr], [1, 'src/components/sinks/new-sink exists already.\n'])
})

function run(command: string, words: readonly string[]): void {
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined }
  const { status, stdout, stderr } = spawnSync(command, words, { cwd: copy, encoding: 'utf8', env })
  assert.equal(status, 0, `${command} ${words.join(' ')}\n${stdout}${stderr}`)
}
