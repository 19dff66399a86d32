import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DiskFile } from './disk.ts'
import { hasMark, markFile } from './file-mark.ts'

/** Reads as short as they may be. */
function fileOf(text: string): Pick<DiskFile, 'read'> {
  const bytes = Buffer.from(text)
  return {
    read: (into, position) => Promise.resolve(bytes.subarray(position, position + 100).copy(into))
  }
}

const LINES = Array.from({ length: 200 }, (_, i) => `line ${i} of the log\n`).join('')
const HALF = LINES.slice(0, 2000)

test('a file that grew behind the position is the same, from its first byte on', async () => {
  for (const position of [0, 1, 511, 512, 513, 1023, 1024, 1025, 2000]) {
    const mark = await markFile(fileOf(HALF), '1:2', position)

    assert.deepEqual(
      [await hasMark(fileOf(HALF), '1:2', mark), await hasMark(fileOf(LINES), '1:2', mark)],
      [true, true],
      String(position)
    )
  }
})

test('one with another inode, a shorter one, and one that was cut and has grown again are others', async () => {
  const mark = await markFile(fileOf(HALF), '1:2', 2000)
  const header = LINES.slice(0, 600)

  assert.deepEqual(
    [
      await hasMark(fileOf(HALF), '1:3', mark),
      await hasMark(fileOf(HALF.slice(0, 1999)), '1:2', mark),
      await hasMark(fileOf(header + 'other lines\n'.repeat(300)), '1:2', mark),
      await hasMark(fileOf('other'.repeat(20) + LINES.slice(100)), '1:2', mark),
      await hasMark(fileOf(''), '1:2', mark)
    ],
    [false, false, false, false, false]
  )
})

test('a mark survives as JSON', async () => {
  const mark = await markFile(fileOf(HALF), '64769:10314279', 700)
  const stored = JSON.parse(JSON.stringify(mark)) as typeof mark

  assert.deepEqual(stored, mark)
  assert.ok(await hasMark(fileOf(LINES), '64769:10314279', stored))
})
