import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { type Flaw, FLAWS, SimpleLog } from './simple-log.ts'
import { playStory } from './story-runner.ts'
import { stories, type Story } from './story.ts'

const SOUND_STORIES = 40
const PATIENCE_STORIES = 1500

/** Kills and power losses by turns, while the log is at work, on a disk that is fine otherwise. */
const killsBeforePowerLosses = stories.map(story => ({
  ...story,
  lives: story.lives.map((life, i) => ({
    ...life,
    calls: 30,
    end: i % 2 === 0 ? ('kill' as const) : ('power' as const),
    faults: []
  }))
}))

/** So many lives that what each of them leaves adds up. */
const manyLives = stories.map(story => ({
  ...story,
  folders: 1,
  lives: Array.from({ length: 16 }, () => story.lives.slice(0, 1)).flat()
}))

/** Where most stories do not come near the flaw. */
const NEARER: Partial<Record<Flaw, fc.Arbitrary<Story>>> = {
  'keeps unsynced remains': killsBeforePowerLosses,
  'leaves files behind': manyLives
}

describe('the stories', () => {
  test('accept a log that keeps its word', async () => {
    const property = fc.asyncProperty(stories, async story => {
      assert.deepEqual(await playStory(story, options => SimpleLog.open(options)), [])
    })

    await fc.assert(property, { numRuns: SOUND_STORIES, seed: 1, endOnFailure: true })
  })

  for (const flaw of FLAWS) {
    test(`notice a log that ${flaw}`, async () => {
      const property = fc.asyncProperty(NEARER[flaw] ?? stories, async story => {
        assert.deepEqual(await playStory(story, options => SimpleLog.open(options, flaw)), [])
      })

      const { failed } = await fc.check(property, { numRuns: PATIENCE_STORIES, seed: 1, endOnFailure: true })

      assert.ok(failed)
    })
  }
})
