// npm test ends, whatever a test file does, and says which test it was.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test, type TestContext } from 'node:test'
import { isRunning } from '../../scripts/process-group.ts'
import { BAD, FOREVER } from './hanging-files.ts'

const RUN = join(import.meta.dirname, '..', '..', 'scripts', 'test-run.ts')
const LONG_MS = 600_000

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-test-run-'))
})
after(() => rm(folder, { recursive: true, force: true }))

async function fileOf(name: string, body: string): Promise<string> {
  const path = join(folder, `${name}.mjs`)
  const imports = `import { describe, test } from 'node:test'
import { once } from 'node:events'
import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { Worker } from 'node:worker_threads'
`
  await writeFile(path, `${imports}${body}\n`)
  return path
}

function start(
  t: TestContext,
  files: readonly string[],
  limitsMs: { file: number; end: number; run: number }
) {
  const limits = Object.entries(limitsMs).map(([name, ms]) => `--limit-${name}=${ms}`)
  const run = spawn(process.execPath, [RUN, '--test-concurrency=12', ...limits, ...files], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  t.after(() => run.kill())
  let output = ''
  run.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  const ended = once(run, 'close').then(() => ({ output, code: run.exitCode }))
  return { run, ended }
}

describe('npm test', () => {
  test('ends with a failure when a file hangs or leaves something, and names file and test', async t => {
    const good = await fileOf('is-good', `test('ends well', () => {})`)
    const bad = await Promise.all(Object.entries(BAD).map(([name, { body }]) => fileOf(name, body)))

    const { output, code } = await start(t, [...bad, good], { file: 3000, end: 2000, run: LONG_MS }).ended

    assert.equal(code, 1)
    assert.match(output, /^✔ ends well/m)
    const [results = '', failures = ''] = output.split('✖ failing tests:')
    assert.match(
      results,
      /ℹ tests 19\nℹ suites 2\nℹ pass 8\nℹ fail 10\nℹ cancelled 1\nℹ skipped 0\nℹ todo 0\nℹ duration_ms [\d.]+\s*$/
    )
    for (const [name, { said }] of Object.entries(BAD)) {
      const own = failures
        .split(/\n(?=test at )/)
        .filter(text => text.includes(`${name}.mjs`))
        .join('\n')
      for (const sentence of said) assert.match(own, sentence)
    }
  })

  test('leaves no process of the files that it had to end', async t => {
    const names = ['leaves-a-process', 'leaves-its-output-open']
    const files = await Promise.all(names.map(name => fileOf(name, BAD[name]!.body)))

    const { output } = await start(t, files, { file: 60_000, end: 1000, run: LONG_MS }).ended

    const pids = [...output.matchAll(/^pid (\d+)$/gm)].map(match => Number(match[1]))
    assert.deepEqual([pids.length, pids.filter(isRunning)], [2, []])
  })

  test('ends when it is told to, and says what was under way and what did not run', async t => {
    const waiting = await fileOf(
      'waits',
      `test('waits', () => { console.log('it waits'); return ${FOREVER} })`
    )
    const next = await fileOf('comes-next', `test('would end', () => {})`)
    const { run, ended } = start(t, ['--test-concurrency=1', waiting, next], {
      file: LONG_MS,
      end: 1000,
      run: LONG_MS
    })
    run.stdout.on('data', (text: string) => {
      if (text.includes('it waits')) run.kill('SIGTERM')
    })

    const { output, code } = await ended

    assert.equal(code, 1)
    assert.match(output, /✖ .*waits\.mjs .*\n +It was ended, as the run got SIGTERM; under way: “waits”/)
    assert.match(output, /✖ .*comes-next\.mjs .*\n +It was not run, as the run got SIGTERM/)
  })

  test('ends when all files together take too long', async t => {
    const waiting = await fileOf('waits', `test('waits', () => ${FOREVER})`)

    const { output, code } = await start(t, [waiting], { file: LONG_MS, end: 1000, run: 2000 }).ended

    assert.equal(code, 1)
    assert.match(output, /It was ended, as the whole run took more than 2 s/)
  })

  test('passes options on, counts every test once, and ends well when all is well', async t => {
    const body = `describe('a group', () => { test('one', () => {}); test('two', () => {}); test.skip('three') })`
    const files = await Promise.all(['first', 'second'].map(name => fileOf(name, body)))
    const limits = { file: LONG_MS, end: LONG_MS, run: LONG_MS }

    const all = await start(t, files, limits).ended
    const some = await start(t, ['--test-name-pattern=two', ...files], limits).ended

    assert.deepEqual([all.code, some.code], [0, 0])
    assert.match(all.output, /ℹ tests 6\nℹ suites 2\nℹ pass 4\nℹ fail 0\nℹ cancelled 0\nℹ skipped 2\n/)
    assert.match(some.output, /ℹ tests 2\nℹ suites 2\nℹ pass 2\n/)
  })
})
