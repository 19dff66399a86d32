import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { below } from './read-settings.ts'

interface Row {
  readonly properties: Readonly<Record<string, string>>
  readonly prefix: string
  readonly out?: Readonly<Record<string, string>>
}

const rows = readFileSync(
  join(import.meta.dirname, '../../test/fixtures/golden/context-subproperties.jsonl'),
  'utf8'
)
  .trim()
  .split('\n')
  .map(line => JSON.parse(line) as Row)

test('properties below a prefix are those of Flume, but for the key that is the prefix itself', () => {
  for (const { properties, prefix, out } of rows.filter(
    row => row.out !== undefined && row.prefix.endsWith('.')
  )) {
    const { '': _nameless, ...named } = out ?? {}

    assert.deepEqual(below(properties, prefix), named, prefix)
  }
})
