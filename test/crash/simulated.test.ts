import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { DurableLog } from '../../src/store/durable-log.ts'
import { FOUND } from './found-stories.ts'
import { playStory } from './story-runner.ts'
import { hurriedStories, pressedStories, spoiltStories, stories, type Story } from './story.ts'

// MILLRACE_STORIES and MILLRACE_SEED repeat a long run; a failing one prints the smallest story that it found.
const STORIES = Number(process.env['MILLRACE_STORIES'] ?? 120)
const SEED = Number(process.env['MILLRACE_SEED'] ?? 1)

const FAMILIES: readonly (readonly [string, number, fc.Arbitrary<Story>])[] = [
  ['power losses and kills', 0.5, stories],
  ['failed writes before a kill, and power losses at the next start', 0.3, hurriedStories],
  ['small segments and failed writes', 0.3, pressedStories],
  ['places that cannot be read', 0.2, spoiltStories]
]

describe('the durable log on a disk that loses, tears, reorders, fails and fills', () => {
  for (const [found, story] of Object.entries(FOUND)) {
    test(`never again: ${found}`, async () => {
      const violations = await playStory(story, options => DurableLog.open(options))

      assert.deepEqual(violations, [])
    })
  }

  for (const [what, share, arbitrary] of FAMILIES) {
    const runs = Math.ceil(STORIES * share)
    test(`keeps its word in ${runs} random stories of ${what}`, { timeout: 2 ** 31 - 1 }, () =>
      keepsItsWord(arbitrary, runs)
    )
  }
})

async function keepsItsWord(arbitrary: fc.Arbitrary<Story>, runs: number): Promise<void> {
  let played = 0
  const property = fc.asyncProperty(arbitrary, async story => {
    const violations = await playStory(story, options => DurableLog.open(options))
    if (++played % 500 === 0) console.log(`${played} stories`)
    assert.deepEqual(violations, [])
  })

  await fc.assert(property, { numRuns: runs, seed: SEED })
}
