import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { HOME } from '../e2e/agent-process.ts'
import { needsOf, runExample } from '../e2e/run-example.ts'
import { checkInside, runInside } from '../e2e/run-inside.ts'

function read(patterns: readonly string[]) {
  return globSync(patterns, { cwd: HOME })
    .sort()
    .map(path => ({ path, text: readFileSync(join(HOME, path), 'utf8') }))
}

const ofComponents = read(['src/components/*/*/*.conf'])
const others = read(['examples/**/*.conf', 'conf/flume.conf', 'conf/*.conf.template'])

test('there are examples', () => {
  assert.ok(ofComponents.length > 10 && others.length > 2)
})

describe('every example runs as it is, in an empty folder:', { concurrency: 2 }, () => {
  for (const { path, text } of others) test(path, () => runExample(atFreePorts(text)))
})

// There are many, so they run in this process.
describe('so does that of every component:', () => {
  for (const { path, text } of ofComponents.filter(({ text: own }) => needsOf(own).length === 0))
    test(path, () => runInside(atFreePorts(text)))
})

// They are run in test/services, where the servers are.
describe('every example that needs a server is valid:', () => {
  for (const { path, text } of [...ofComponents, ...others].filter(
    ({ text: own }) => needsOf(own).length > 0
  ))
    test(path, () => checkInside(text))
})

// Examples name the ports that the manual talks about; here they may be taken.
function atFreePorts(text: string): string {
  return text.replaceAll(/(\.port\s*=\s*)\d+/g, '$10')
}
