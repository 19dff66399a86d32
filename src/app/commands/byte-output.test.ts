import assert from 'node:assert/strict'
import { PassThrough, Writable } from 'node:stream'
import { test } from 'node:test'
import { ByteOutput } from './byte-output.ts'

function broken(code: string): Writable {
  return new Writable({
    highWaterMark: 1,
    write: (_chunk, _encoding, done) => {
      done(Object.assign(new Error(code), { code }))
    }
  })
}

test('writing waits for the reader', async () => {
  const stream = new PassThrough({ highWaterMark: 8 })
  const output = new ByteOutput(stream)
  const order: string[] = []

  const writing = output.write('long text').then(() => order.push('written'))
  order.push('read', String(stream.read()))
  await writing
  await output.lines(['a', 'b'])
  await output.end()

  assert.deepEqual(order, ['read', 'long text', 'written'])
  assert.equal(String(stream.read()), 'a\nb\n')
})

test('a reader that left ends the writing, and the end is quiet', async () => {
  const output = new ByteOutput(broken('EPIPE'))

  await assert.rejects(output.write('x'), { code: 'ERR_STOPPED' })
  await assert.rejects(output.write('y'), { code: 'ERR_STOPPED' })
  await output.end()
})

test('another failure of the output is told at the end', async () => {
  const output = new ByteOutput(broken('ENOSPC'))

  await assert.rejects(output.write('x'), { code: 'ERR_STOPPED' })
  await assert.rejects(output.end(), { code: 'ENOSPC' })
})
