// Run by coverage.ts with Node's own judge of coverage, which looks only at what its own processes covered: it is given
// what the test processes did before.
import assert from 'node:assert/strict'
import { copyFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

/** Names the folder with the coverage of the test processes. */
export const COVERED_VARIABLE = 'MILLRACE_COVERED'

const from = process.env[COVERED_VARIABLE]

if (from !== undefined) {
  void test('what the tests covered is given to the judge', () => {
    // Node sets it once there is a test.
    const to = process.env['NODE_V8_COVERAGE']
    assert.ok(to !== undefined)
    const names = readdirSync(from)
    for (const name of names) copyFileSync(join(from, name), join(to, name))

    assert.ok(names.length > 0)
  })
}
