import assert from 'node:assert/strict'
import { test } from 'node:test'
import { report } from './crash-report.ts'
import { type KillResult, DEATHS } from './kill-plan.ts'
import { killAgents } from './kill-run.ts'
import type { KillStory } from './kill-stories.ts'

const KILLS = Number(process.env['MILLRACE_KILLS'] ?? 3)
const SEED = Number(process.env['MILLRACE_SEED'] ?? 1)
const SAY_EVERY = 20
/** Each story has seeds of its own. */
const SEEDS_APART = 100

/** Makes a test of each story; MILLRACE_KILLS and MILLRACE_SEED say how many agents are killed, and when. */
export function testKills(stories: Readonly<Record<string, KillStory>>): void {
  for (const [i, [name, story]] of Object.entries(stories).entries()) {
    test(
      `killed agents keep what they acknowledged, in order, with ${name}`,
      { timeout: 2 ** 31 - 1 },
      async () => {
        const progress = (killed: number): void => {
          if (killed % SAY_EVERY === 0 && killed < KILLS) console.log(`${killed} agents killed: ${name}`)
        }

        const result = await killAgents({ ...story, kills: KILLS, seed: SEED * SEEDS_APART + i, progress })

        report(`${name}: ${summaryOf(result)}`)
        assert.deepEqual(result.wrong, [])
        assert.equal(result.kills, KILLS)
        assert.ok(result.acknowledged > 0)
      }
    )
  }
}

function summaryOf({ kills, deaths, atLoad, acknowledged, repeated, linesPerSecond }: KillResult): string {
  const ways = DEATHS.filter(death => deaths[death] > 0).map(death => `${deaths[death]} ${death}`)
  const rate = linesPerSecond > 0 ? `, ${linesPerSecond} in a second of work` : ''
  return (
    `${kills} kills, ${atLoad} of them while all clients waited for answers (${ways.join(', ')}); ` +
    `${acknowledged} lines acknowledged${rate}, ${repeated} came again`
  )
}
