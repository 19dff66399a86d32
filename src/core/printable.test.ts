import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printable, printableJson, printableLines } from './printable.ts'

test('control characters and turns of direction are written out, tabs and letters stay', () => {
  assert.equal(
    printable('a\x1b[2J\x00\n\r\x7f\x9b31m\u202eb\tä\u{1f600}'),
    'a\\x1b[2J\\x00\\n\\r\\x7f\\x9b31m\\u202eb\tä\u{1f600}'
  )
  assert.equal(printableLines('a\x1b\nb'), 'a\\x1b\nb')
})

test('JSON says the same as before', () => {
  const value = { 'k\x9b': '\u202e\x7f\x1bä' }
  const json = printableJson(JSON.stringify(value))

  assert.doesNotMatch(json, /[\x7f-\x9f\u202e\x1b]/)
  assert.deepEqual(JSON.parse(json), value)
})
