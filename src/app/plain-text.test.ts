import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ownText, plainText, wantsPlainText } from './plain-text.ts'

for (const { variables, plain } of [
  { variables: {}, plain: true },
  { variables: { LANG: 'C' }, plain: true },
  { variables: { LANG: 'en_US.UTF-8' }, plain: false },
  { variables: { LANG: 'en_US.UTF-8', LC_ALL: 'C' }, plain: true },
  { variables: { LANG: 'en_US.UTF-8', LC_CTYPE: 'POSIX' }, plain: true },
  { variables: { LANG: 'C', LC_CTYPE: 'C.utf8' }, plain: false },
  { variables: { LANG: 'C', LC_ALL: '' }, plain: true }
]) {
  test(`${JSON.stringify(variables)} ${plain ? 'wants ASCII' : 'takes UTF-8'}`, () => {
    assert.equal(wantsPlainText(variables, 'linux'), plain)
  })
}

test('Windows, where a locale is no variable, takes UTF-8', () => {
  assert.equal(wantsPlainText({}, 'win32'), false)
})

test('a drawing keeps its width, what is not ours stays', () => {
  assert.equal(plainText('r1 ─┬▶ c1\n    └▶ é …'), 'r1 -+> c1\n    +> é ...')
})

test('a text is changed only for who cannot read it', () => {
  assert.deepEqual([ownText('─', { LANG: 'C.UTF-8' }), ownText('─', { LC_ALL: 'C.UTF-8' })], ['─', '─'])
})
