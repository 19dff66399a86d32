import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LineCheck, linesBytes, makeLines } from '../../bench/harness/lines.ts'

function check(bytes: Buffer, perConnection: number, connections = 1): string | undefined {
  const checking = new LineCheck(connections)
  for (let at = 0; at < bytes.length; at += 1000) checking.add(bytes.subarray(at, at + 1000))
  return checking.finish(perConnection)
}

test('lines are 126 bytes on average', () => {
  assert.equal(linesBytes(610), 610 * 126)
  assert.equal(makeLines(0, 610).length, 610 * 126)
})

test('lines that arrived as they were sent are fine, however connections are mixed', () => {
  const first = makeLines(0, 100)
  const second = makeLines(1, 100)
  const half = linesBytes(50)

  const mixed = Buffer.concat([first.subarray(0, half), second, first.subarray(half)])

  assert.equal(check(mixed, 100, 2), undefined)
})

test('a lost, doubled, swapped, changed or torn line is found', () => {
  const lines = makeLines(0, 3)
  const one = lines.subarray(0, linesBytes(1))
  const two = lines.subarray(linesBytes(1), linesBytes(2))
  const three = lines.subarray(linesBytes(2))
  const changed = Buffer.from(two)
  changed[50] = 126

  const found = [
    [one, three],
    [one, two, two, three],
    [two, one, three],
    [one, changed, three],
    [one, two, three.subarray(0, 40)]
  ].map(parts => check(Buffer.concat(parts), 3))

  assert.deepEqual(found, [
    'line 2: connection 0 goes on with 2 instead of 1',
    'line 3: connection 0 goes on with 1 instead of 2',
    'line 1: connection 0 goes on with 1 instead of 0',
    'line 2: other bytes than were sent',
    '40 bytes without newline at the end'
  ])
})

test('lines missing at the end are found', () => {
  assert.equal(check(makeLines(0, 3), 4), 'connection 0: 3 of 4 lines')
})
