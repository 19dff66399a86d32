import assert from 'node:assert/strict'
import { globSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { HOME, startAgent, temporaryFolder } from '../e2e/agent-process.ts'

const examples = globSync(
  ['src/components/*/*/*.conf', 'examples/**/*.conf', 'conf/flume.conf', 'conf/*.conf.template'],
  {
    cwd: HOME
  }
).sort()

test('there are examples', () => {
  assert.ok(examples.length > 10)
})

describe('every example runs as it is, in an empty folder:', { concurrency: 2 }, () => {
  for (const path of examples) {
    test(path, async () => {
      const text = atFreePorts(readFileSync(join(HOME, path), 'utf8'))
      using folder = temporaryFolder({
        'example.conf': text,
        'core-site.xml': readFileSync(join(HOME, 'conf/core-site.xml'), 'utf8')
      })
      for (const directory of directoriesOf(text))
        mkdirSync(join(folder.path, directory), { recursive: true })

      await using agent = await startAgent(['--strict', '-c', folder.path, '-f', 'example.conf'], {
        cwd: folder.path,
        env: { FLUME_HOME: folder.path }
      })
      const ending = await agent.stop()

      assert.deepEqual(ending, { code: 143, signal: null })
      assert.doesNotMatch(agent.output, /\b(?:ERROR|WARN)\b/)
    })
  }
})

// Examples name the ports that the manual talks about; here they may be taken.
function atFreePorts(text: string): string {
  return text.replaceAll(/(\.port\s*=\s*)\d+/g, '$10')
}

function directoriesOf(text: string): string[] {
  return [...text.matchAll(/\.sink\.directory\s*=\s*(\S+)/g)].map(match => match[1] ?? '')
}
