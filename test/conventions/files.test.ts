import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { filesBelow, HOME, textOf } from './source-tree.ts'

const FOLDERS = ['src', 'test', 'scripts', 'bench'].filter(folder => existsSync(join(HOME, folder)))
const code = FOLDERS.flatMap(folder => filesBelow(folder, ['.ts', '.mjs'])).filter(
  path => !path.includes('/fixtures/')
)
const prose = ['docs', 'changes', 'examples', 'conf'].flatMap(folder =>
  existsSync(join(HOME, folder)) ? filesBelow(folder, ['']) : []
)
const top = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'package.json', 'package-lock.json']

test('code files are kebab-case', () => {
  const KEBAB = /^[a-z0-9]+(-[a-z0-9]+)*(\.test|\.d|\.wasm)?\.(ts|mjs)$/

  assert.deepEqual(
    code.filter(path => !KEBAB.test(basename(path))),
    []
  )
})

test('no file is a drawer: utils, common, helpers, misc, index', () => {
  const DRAWER = /^(utils?|common|helpers?|misc|shared|index)(\.test)?\.(ts|mjs)$/

  assert.deepEqual(
    code.filter(path => DRAWER.test(basename(path))),
    []
  )
})

test('no file has more than 400 lines', () => {
  const long = code.filter(path => textOf(path).split('\n').length > 401)

  assert.deepEqual(long, [])
})

test('tests do not sleep', () => {
  const SLEEP = /\bsetTimeout\(|\bsetInterval\(|from 'node:timers\/promises'/
  const tests = code.filter(path => path.endsWith('.test.ts') && !path.startsWith('test/conventions/'))

  assert.deepEqual(
    tests.filter(path => SLEEP.test(textOf(path))),
    []
  )
})

test('tests take no fixed ports', () => {
  const FIXED = /\.listen\(\s*(?:\{[^}]*port:\s*)?[1-9]\d*\b/
  const tests = code.filter(path => path.endsWith('.test.ts') && !path.startsWith('test/conventions/'))

  assert.deepEqual(
    tests.filter(path => FIXED.test(textOf(path))),
    []
  )
})

test('no test is left out or alone', () => {
  const SINGLED_OUT = /\b(?:test|it|describe|suite)\.(?:only|todo)\(/

  assert.deepEqual(
    code.filter(path => SINGLED_OUT.test(textOf(path)) && !path.startsWith('test/conventions/')),
    []
  )
})

test('no text of the project names a machine it was written on', () => {
  const here = [...code, ...prose, ...top.filter(path => existsSync(join(HOME, path)))]
  // Split so that this file does not name them either.
  const MACHINE = new RegExp(
    ['/work' + '/', '/ro' + 'ot/', '/tmp' + '/brief', '/home' + '/[a-z]+/'].join('|')
  )

  assert.deepEqual(
    here.filter(path => MACHINE.test(textOf(path))),
    []
  )
})

test('nothing is left to do in the code', () => {
  const UNFINISHED = new RegExp(`\\b(?:${['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X'].join('|')})\\b`)

  assert.deepEqual(
    code.filter(path => UNFINISHED.test(textOf(path))),
    []
  )
})
