import assert from 'node:assert/strict'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writev, writevSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { FileOutput, isLocalDisk, type WriteCalls } from './file-output.ts'

interface Opened {
  readonly file: string
  readonly output: FileOutput
  readonly ways: string[]
}

/** An output whose calls note which way each write went; `slow` makes the first one in place slow. */
function open(t: TestContext, local: boolean, slow = false): Opened {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-output-'))
  const file = join(folder, 'file')
  const descriptor = openSync(file, 'wx')
  t.after(() => {
    closeSync(descriptor)
    rmSync(folder, { recursive: true })
  })
  const ways: string[] = []
  const calls: WriteCalls = {
    writevSync: (...given) => {
      ways.push('now')
      const until = performance.now() + (slow && ways.length === 1 ? 10 : 0)
      while (performance.now() < until);
      return writevSync(...given)
    },
    writev: (...given) => {
      ways.push('pool')
      writev(...given)
    }
  }
  return { file, output: new FileOutput(descriptor, local, calls), ways }
}

test('chunks are written whole at their position, empty ones left out', async t => {
  const { file, output } = open(t, true)

  const end = await output.write([Buffer.from('ab'), Buffer.alloc(0), Buffer.from('c')], 0)
  await output.write([Buffer.from('X')], end - 1)

  assert.deepEqual([end, readFileSync(file, 'utf8')], [3, 'abX'])
})

test('a local disk is written in place, any other through the pool', async t => {
  const local = open(t, true)
  const remote = open(t, false)

  for (const { output } of [local, remote]) await output.write([Buffer.from('a')], 0)

  assert.deepEqual([local.ways, remote.ways], [['now'], ['pool']])
})

test('after a slow write the pool is used for a while', async t => {
  const { output, ways } = open(t, true, true)

  for (let i = 0; i < 70; i++) await output.write([Buffer.from('a')], i)

  assert.deepEqual([ways[0], ways.slice(1, 65).every(way => way === 'pool'), ways[65]], ['now', true, 'now'])
})

test('the folder of temporary files is on this machine, one that is missing is nowhere', () => {
  assert.equal(isLocalDisk(tmpdir()), true)
  assert.equal(isLocalDisk('/does/not/exist'), false)
})
