import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { closeSync, constants, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemCode } from '../core/errors.ts'
import { TextOutput } from './text-output.ts'

test('lines arrive whole and in order', async () => {
  using folder = temporary()
  const file = join(folder.path, 'out')
  const descriptor = openSync(file, 'w')
  const output = new TextOutput(descriptor)
  const lines = Array.from({ length: 500 }, (_, at) => `line ${at} ${'x'.repeat(at)}`)
  for (const line of lines) output.line(line)

  assert.equal(await output.flush(10_000), true)
  closeSync(descriptor)
  assert.deepEqual(readFileSync(file, 'utf8').split('\n'), [...lines, ''])
})

test('nothing to write is flushed at once', async () => {
  assert.equal(await new TextOutput(1).flush(0), true)
})

test('a reader that stands still costs at most 1 MiB and is told what it missed', async () => {
  using pipe = fifo()
  const output = new TextOutput(pipe.writer)
  const line = 'x'.repeat(999)
  for (let i = 0; i < 3000; i++) output.line(line)

  assert.equal(await output.flush(20), false)
  const text = await pipe.readUntil(/left out.*\n$/)
  assert.equal(await output.flush(10_000), true)
  assert.equal(text.length < 1.1 * 1024 * 1024, true)
  assert.match(text, /\n\d+ lines were left out, their reader is too slow\.\n$/)
})

test('a reader that left ends the output and nothing else', async () => {
  const descriptor = openSync('/dev/null', 'r')
  const output = new TextOutput(descriptor)
  output.line('nobody reads this')
  assert.equal(await output.flush(10_000), true)
  output.line('nor this')
  closeSync(descriptor)

  assert.equal(await output.flush(10_000), true)
})

test(
  'what a full disk does not take is told once, does not hold a flush up, and is written when there is room',
  { skip: !existsSync('/dev/full') && 'there is no /dev/full' },
  async () => {
    using folder = temporary()
    const file = join(folder.path, 'out')
    const troubles: unknown[] = []
    const full = openSync('/dev/full', 'w')
    const output = new TextOutput(full, { onTrouble: error => troubles.push(error) })
    output.line('one')
    const flushed = [await output.flush(60_000), await output.flush(60_000)]
    const failure = systemCode(output.failure)
    // The same number, now with room.
    closeSync(full)
    const roomy = openSync(file, 'w')
    output.line('two')
    flushed.push(await output.flush(60_000))
    closeSync(roomy)

    assert.equal(roomy, full)
    assert.deepEqual([flushed, failure, troubles.map(systemCode)], [[true, true, true], 'ENOSPC', ['ENOSPC']])
    assert.equal(readFileSync(file, 'utf8'), 'one\ntwo\n')
    assert.deepEqual([output.failure, output.empty], [undefined, true])
  }
)

function temporary() {
  const path = mkdtempSync(join(tmpdir(), 'millrace-output-'))
  return {
    path,
    [Symbol.dispose]: () => {
      rmSync(path, { recursive: true })
    }
  }
}

// Both ends of a pipe, neither of which blocks; nobody reads until told to.
function fifo() {
  const folder = temporary()
  const path = join(folder.path, 'fifo')
  assert.equal(spawnSync('mkfifo', [path]).status, 0)
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const writer = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)
  const reader = new Socket({ fd, readable: true, writable: false })
  return {
    writer,
    readUntil: async (pattern: RegExp): Promise<string> => {
      let text = ''
      for await (const piece of reader.setEncoding('utf8')) {
        text += String(piece)
        if (pattern.test(text.slice(-200))) break
      }
      return text
    },
    [Symbol.dispose]: () => {
      reader.destroy()
      closeSync(writer)
      folder[Symbol.dispose]()
    }
  }
}
