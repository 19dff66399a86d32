import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { LineCutter } from './line-cutter.ts'

/** All lines of the chunks, with the rest. */
function cut(chunks: readonly string[], mostBytes = 1000): string[] {
  const cutter = new LineCutter(mostBytes)
  const lines = chunks.flatMap(chunk => cutter.cut(Buffer.from(chunk, 'latin1')))
  const rest = cutter.rest()
  return [...lines, ...(rest === undefined ? [] : [rest])].map(line => line.toString('latin1'))
}

test('lines end with LF, CR or CRLF, wherever the chunks do, and what is left at the end is one', () => {
  assert.deepEqual(cut(['a\nb\rc\r\nd\n\n\r\re']), ['a', 'b', 'c', 'd', '', '', '', 'e'])
  assert.deepEqual(cut(['a\r', '\nb\r', 'c\r', '', '\n', '\n']), ['a', 'b', 'c', ''])
  assert.deepEqual(cut(['']), [])
})

test('however bytes are cut into chunks, the lines are the same', () => {
  const texts = fc.stringMatching(/^[ab\r\n]{0,60}$/)
  fc.assert(
    fc.property(texts, fc.array(fc.nat(60), { maxLength: 8 }), (text, places) => {
      const ends = [...places, text.length].sort((a, b) => a - b)
      const chunks = ends.map((end, i) => text.slice(ends[i - 1] ?? 0, end))
      const lines = text.split(/\r\n|\r|\n/)

      assert.deepEqual(cut(chunks), lines.at(-1) === '' ? lines.slice(0, -1) : lines)
    })
  )
})

test('a line that is too long comes in pieces, one as long as allowed whole', () => {
  assert.deepEqual(cut(['abcdefgh\nabcd\n', 'abc', 'defghijk\n'], 4), [
    'abcd',
    'efgh',
    'abcd',
    'abcd',
    'efgh',
    'ijk'
  ])
})

test('a line without end takes no more memory than one of the longest', () => {
  const cutter = new LineCutter(1024)
  let bytes = 0
  for (let i = 0; i < 1000; i++)
    for (const line of cutter.cut(Buffer.alloc(1000, 'x'))) {
      assert.equal(line.length, 1024)
      bytes += line.length
    }

  assert.ok(1_000_000 - bytes <= 1024)
  assert.equal(cutter.rest()?.length, 1_000_000 - bytes)
})
