import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'

const HOME = join(import.meta.dirname, '..', '..')
const COPIED = [
  'src',
  'scripts',
  'test/conventions',
  'changes',
  'docs',
  'conf',
  'bin',
  'package.json',
  'package-lock.json'
]
const SETTINGS = [
  'tsconfig.json',
  '.oxlintrc.json',
  '.oxfmtrc.json',
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md'
]
const MADE = [
  ['source', 'new_source'],
  ['sink', 'new_sink'],
  ['interceptor', 'new_interceptor'],
  ['selector', 'new_selector'],
  ['processor', 'new_processor'],
  ['serializer', 'new_serializer']
] as const

let copy = ''

before(() => {
  copy = mkdtempSync(join(tmpdir(), 'millrace-new-'))
  for (const path of [...COPIED, ...SETTINGS]) cpSync(join(HOME, path), join(copy, path), { recursive: true })
  symlinkSync(join(HOME, 'node_modules'), join(copy, 'node_modules'))
  for (const words of MADE) run(process.execPath, ['scripts/new.ts', ...words])
})

after(() => rmSync(copy, { recursive: true, force: true }))

test('new components of every kind type-check', () => {
  run('node_modules/.bin/tsc', ['-p', '.'])
})

test('they pass the lint and are formatted', () => {
  const folders = MADE.map(([kind, type]) => folderOf(kind, type))

  run('node_modules/.bin/oxlint', ['--type-aware', '--deny-warnings', ...folders])
  run('node_modules/.bin/oxfmt', ['--check', ...folders])
})

test('their own tests pass', () => {
  run(process.execPath, ['--test', ...MADE.map(([kind, type]) => `${folderOf(kind, type)}/*.test.ts`)])
})

test('they keep the conventions, the registry included', () => {
  run(process.execPath, [
    '--test',
    ...['components', 'layers', 'changes'].map(name => `test/conventions/${name}.test.ts`)
  ])
})

test('the agents of their examples are valid', () => {
  for (const [kind, type] of MADE) {
    run(process.execPath, [
      'bin/start.mjs',
      'validate',
      '-f',
      `${folderOf(kind, type)}/${type.replaceAll('_', '-')}.conf`
    ])
  }
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

function folderOf(kind: string, type: string): string {
  return `src/components/${kind}s/${type.replaceAll('_', '-')}`
}

function run(command: string, words: readonly string[]): void {
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined }
  const { status, stdout, stderr } = spawnSync(command, words, { cwd: copy, encoding: 'utf8', env })
  assert.equal(status, 0, `${command} ${words.join(' ')}\n${stdout}${stderr}`)
}
