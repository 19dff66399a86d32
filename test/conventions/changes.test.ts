import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { HOME, textOf } from './source-tree.ts'

const notes = readdirSync(join(HOME, 'changes')).filter(name => name !== 'README.md')

test('change notes are named <slug>.<added|fixed|changed|breaking>.md', () => {
  const NAME = /^[a-z0-9]+(-[a-z0-9]+)*\.(added|fixed|changed|breaking)\.md$/

  assert.deepEqual(
    notes.filter(name => !NAME.test(name)),
    []
  )
})

test('a change note is one paragraph; a breaking one has a paragraph on how to move', () => {
  const wrong = notes.filter(name => {
    const paragraphs = textOf(`changes/${name}`)
      .trim()
      .split(/\n\s*\n/)
    return name.endsWith('.breaking.md')
      ? paragraphs.length < 2
      : paragraphs.length !== 1 || paragraphs[0] === ''
  })

  assert.deepEqual(wrong, [])
})
