import assert from 'node:assert/strict'
import { test } from 'node:test'
import { commentBehind, namesBehindSign } from './comment-behind.ts'

for (const [value, sign, meant] of [
  ['r1 # the source', '#', 'r1'],
  ['r1\t#x', '#', 'r1'],
  ['5 # five', '#', '5'],
  ['r1 r2  # both # of them', '#', 'r1 r2'],
  ['r1 //comment', '//', 'r1'],
  ['r1 // comment # here', '//', 'r1'],
  ['r1 # see http://x //y', '#', 'r1']
] as const) {
  test(`behind ${value} a comment was meant`, () => {
    assert.deepEqual(commentBehind({ key: 'a1.sources', value }), { sign, value: meant })
  })
}

for (const [key, value] of [
  ['a1.sources', 'r1 r2'],
  ['a1.sources.r1.keywords', '#one, #two'],
  ['a1.sources.r1.keywords', 'one, #two, #three'],
  ['a1.sources.r1.url', 'http://x/#here'],
  ['a1.sources.r1.command', 'cat //server/share'],
  ['a1.sources.r1.note', 'a b //c'],
  ['a1.sources.r1.interceptors.i1.regex', 'a //']
] as const) {
  test(`${value} holds no comment`, () => {
    assert.equal(commentBehind({ key, value }), undefined)
  })
}

test('names behind the sign are those that stand nowhere before it', () => {
  const list = { key: 'a1.sources', value: 'r1 r2 # r2 and r3', file: 'f', line: 1 }

  assert.deepEqual([...namesBehindSign(list)], ['#', 'and', 'r3'])
  assert.deepEqual([...namesBehindSign(undefined)], [])
})
