import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSettings } from '../core/read-settings.ts'
import { pattern } from './pattern-setting.ts'

const settings = {
  regex: pattern('regex', { doc: 'What is kept.', default: '.*' }),
  ignored: pattern('ignored', { doc: 'What is left out.' })
}
const read = (properties: Record<string, string>) => readSettings({ settings }, properties, () => undefined)

test('a setting of the kind pattern gives the compiled expression, and that of its default', () => {
  const { values, problems } = read({ ignored: '^#(?<rest>.*)' })

  assert.deepEqual(problems, [])
  assert.equal(values?.regex.source, '.*')
  assert.equal(values?.ignored.find('#a')?.group(1), 'a')
})

test('a text that is no expression is a problem of its key', () => {
  const { values, problems } = read({ regex: 'a{2', ignored: `(${'x'.repeat(300)}` })

  assert.equal(values, undefined)
  assert.deepEqual(
    problems.map(({ code, key, message }) => [code, key, message]),
    [
      [
        'BAD_REGEX',
        'regex',
        'regex is "a{2", which is no regular expression: Unclosed counted closure near index 3.'
      ],
      [
        'BAD_REGEX',
        'ignored',
        `ignored is "(${'x'.repeat(199)}…", which is no regular expression: Unclosed group near index 301.`
      ]
    ]
  )
})

test('a default that is no expression is a mistake of the declaration', () => {
  assert.throws(() => pattern('regex', { doc: 'd', default: '(' }), /The default of regex is "\("/)
})
