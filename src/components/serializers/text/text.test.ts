import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { EMPTY_BATCH, EventBatch } from '../../../core/batch.ts'
import { settingsOf } from '../../../core/read-settings.ts'
import { batchOf, fakeSinkContext } from '../../../testing/fake-context.ts'
import { recordedBatch, serialized, serializerRows } from '../../../testing/serializer-rows.ts'
import text from './text.ts'

const FIXTURES = new URL('../../../../test/fixtures/', import.meta.url)

function open(config: Readonly<Record<string, string>> = {}) {
  return text.create(
    settingsOf(text, config, () => undefined),
    fakeSinkContext()
  )
}

test('every recorded file of Flume comes out byte for byte', () => {
  const rows = serializerRows('text', text.classes).filter(({ out }) => out !== undefined)

  assert.ok(rows.length > 50)
  for (const { config, batch, out } of rows)
    assert.deepEqual(serialized(open(config), batch), out, JSON.stringify(config))
})

test("the files of Flume's file_roll and hdfs sinks come out byte for byte", () => {
  const batch = recordedBatch()

  assert.deepEqual(
    serialized(open(), batch),
    readFileSync(new URL('fileroll/text/1795342175775-1', FIXTURES))
  )
  assert.deepEqual(
    serialized(open({ appendNewline: 'false' }), batch),
    readFileSync(new URL('fileroll/text-no-newline/1795342175778-1', FIXTURES))
  )
})

/** Lines as a source received them: bodies are ranges of one chunk. */
function received(lines: string): EventBatch {
  const slab = Buffer.from(lines)
  const starts: number[] = []
  const ends: number[] = []
  for (let at = 0, end = slab.indexOf(10); end >= 0; at = end + 1, end = slab.indexOf(10, at)) {
    starts.push(at)
    ends.push(end)
  }
  return new EventBatch(slab, Uint32Array.from(starts), Uint32Array.from(ends))
}

test('lines as they were received are one range of the slab, not a copy', () => {
  const batch = received('one\n\ntwo\nthree\nrest')

  const [only, ...more] = open().write(batch.slice(1))

  assert.equal(String(only), '\ntwo\nthree\n')
  assert.deepEqual(more, [])
  assert.equal(only?.buffer, batch.slab.buffer)
})

test('a batch without events and a batch of empty bodies without newline are no bytes', () => {
  assert.deepEqual(open().write(EMPTY_BATCH), [])
  assert.deepEqual(open({ appendNewline: 'false' }).write(batchOf(['', ''])), [])
  assert.equal(String(serialized(open(), batchOf(['', '']))), '\n\n')
})

test('bodies with another byte between them get newlines all the same', () => {
  const batch = new EventBatch(Buffer.from('a\0b\0c\n'), Uint32Array.of(0, 2, 4), Uint32Array.of(1, 3, 5))

  assert.equal(String(serialized(open(), batch)), 'a\nb\nc\n')
})

test('any selection of any bodies gives them in order, each with its newline', () => {
  const bodies = fc.array(fc.stringMatching(/^[a-c\n]{0,40}$/), { maxLength: 20 })
  fc.assert(
    fc.property(bodies, fc.array(fc.nat(40), { maxLength: 30 }), (texts, picks) => {
      for (const batch of [received(texts.join('\n') + '\n'), batchOf(texts)]) {
        const indexes = picks.filter(pick => pick < batch.length)
        const chosen = batch.select(Uint32Array.from(indexes))
        const expected = indexes.map(index => batch.text(index))

        assert.equal(String(serialized(open(), chosen)), expected.map(body => `${body}\n`).join(''))
        assert.equal(String(serialized(open({ appendNewline: 'false' }), chosen)), expected.join(''))
      }
    })
  )
})
