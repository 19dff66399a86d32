import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { FINDING_CODES } from '../../src/config/finding-codes.ts'

test('the guide lists every code with its level and meaning', () => {
  const guide = readFileSync(join(import.meta.dirname, '../../docs/guide/configuration.md'), 'utf8')
  const listed = [...guide.matchAll(/^\| ([A-Z0-9_?]+) \| (error|warning|info) \| (.*) \|$/gm)].map(match =>
    match.slice(1)
  )

  assert.deepEqual(
    listed,
    Object.entries(FINDING_CODES).map(([code, { level, meaning }]) => [code, level, meaning])
  )
})
