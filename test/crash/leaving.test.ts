import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { report } from './crash-report.ts'
import { FOUND_LEAVING } from './found-leaving-stories.ts'
import { playLeavingStory } from './leaving-runner.ts'
import { leavingStories } from './leaving-story.ts'

// MILLRACE_STORIES and MILLRACE_SEED repeat a long run; a failing one prints the smallest story that it found.
const STORIES = Number(process.env['MILLRACE_STORIES'] ?? 100)
const SEED = Number(process.env['MILLRACE_SEED'] ?? 1)

describe('the durable log while its folders and files leave and come back', () => {
  for (const [found, story] of Object.entries(FOUND_LEAVING)) {
    test(`never again: ${found}`, async () => {
      assert.deepEqual(await playLeavingStory(story), [])
    })
  }

  test(`keeps its word in ${STORIES} random stories`, { timeout: 2 ** 31 - 1 }, async () => {
    let played = 0
    const property = fc.asyncProperty(leavingStories, async story => {
      const violations = await playLeavingStory(story)
      if (++played % 500 === 0) console.log(`${played} stories`)
      assert.deepEqual(violations, [])
    })

    await fc.assert(property, { numRuns: STORIES, seed: SEED })
    report(`${STORIES} random stories of folders and files that leave and come back`)
  })
})
