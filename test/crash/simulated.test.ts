import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { DurableLog } from '../../src/store/durable-log.ts'
import { FOUND } from './found-stories.ts'
import { playStory } from './story-runner.ts'
import { stories } from './story.ts'

// MILLRACE_STORIES and MILLRACE_SEED repeat a long run; a failing one prints the smallest story that it found.
const STORIES = Number(process.env['MILLRACE_STORIES'] ?? 120)
const SEED = Number(process.env['MILLRACE_SEED'] ?? 1)

describe('the durable log on a disk that loses, tears, reorders, fails and fills', () => {
  for (const [found, story] of Object.entries(FOUND)) {
    test(`never again: ${found}`, async () => {
      const violations = await playStory(story, options => DurableLog.open(options))

      assert.deepEqual(violations, [])
    })
  }

  test(
    `keeps its word in ${STORIES} random stories of power losses and kills`,
    { timeout: 2 ** 31 - 1 },
    async () => {
      let played = 0
      const property = fc.asyncProperty(stories, async story => {
        const violations = await playStory(story, options => DurableLog.open(options))
        if (++played % 500 === 0) console.log(`${played} stories`)
        assert.deepEqual(violations, [])
      })

      await fc.assert(property, { numRuns: STORIES, seed: SEED })
    }
  )
})
