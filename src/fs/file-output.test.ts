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

/** An output whose calls note which way each write went; the first `slow` in place are slow. */
function open(t: TestContext, local: boolean, slow = 0): Opened {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-output-'))
  const file = join(folder, 'file')
  const descriptor = openSync(file, 'wx')
  t.after(() => {
    closeSync(descriptor)
    rmSync(folder, { recursive: true })
  })
  const ways: string[] = []
  let now = 0
  let slowLeft = slow
  const calls: WriteCalls = {
    now: () => now,
    writevSync: (...given) => {
      ways.push('now')
      if (slowLeft-- > 0) now += 10
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

test('after a slow write the pool is used for a while, twice as long each time in a row', async t => {
  const { output, ways } = open(t, true, 3)

  for (let i = 0; i < 22; i++) await output.write([Buffer.from('a')], i)

  const text = ways.map(way => (way === 'now' ? 'N' : 'p')).join('')
  assert.equal(text, 'NppNppppNppppppppNNNNN')
})

test('the folder of temporary files is on this machine, one that is missing is nowhere', () => {
  assert.equal(isLocalDisk(tmpdir()), true)
  assert.equal(isLocalDisk('/does/not/exist'), false)
})
