import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { HOME } from '../e2e/agent-process.ts'
import { checkExample, needsOf, runExample } from '../e2e/run-example.ts'

const examples = globSync(
  ['src/components/*/*/*.conf', 'examples/**/*.conf', 'conf/flume.conf', 'conf/*.conf.template'],
  {
    cwd: HOME
  }
)
  .sort()
  .map(path => ({ path, text: readFileSync(join(HOME, path), 'utf8') }))

test('there are examples', () => {
  assert.ok(examples.length > 10)
})

describe('every example runs as it is, in an empty folder:', { concurrency: 2 }, () => {
  for (const { path, text } of examples.filter(({ text: own }) => needsOf(own).length === 0))
    test(path, () => runExample(atFreePorts(text)))
})

// They are run in test/services, where the servers are.
describe('every example that needs a server is valid:', { concurrency: 2 }, () => {
  for (const { path, text } of examples.filter(({ text: own }) => needsOf(own).length > 0))
    test(path, () => checkExample(text))
})

// Examples name the ports that the manual talks about; here they may be taken.
function atFreePorts(text: string): string {
  return text.replaceAll(/(\.port\s*=\s*)\d+/g, '$10')
}
