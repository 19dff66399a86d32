import { Random } from '../../src/testing/random.ts'
import { type KillResult, type KillRun, KillTally } from './kill-plan.ts'
import { Killing } from './killing.ts'

const KILLS_PER_CHANNEL = 20

/** Kills agents at full load, at random moments, start and stop included, and looks at all that comes out. */
export async function killAgents(run: KillRun): Promise<KillResult> {
  const random = new Random(run.seed)
  const tally = new KillTally()
  while (tally.kills < run.kills && tally.wrong.length === 0) {
    using killing = new Killing(run, random, tally)
    const end = Math.min(run.kills, tally.kills + (run.killsPerChannel ?? KILLS_PER_CHANNEL))
    while (tally.kills < end) {
      if (await killing.life()) run.progress?.(tally.kills)
    }
    await killing.end()
  }
  return tally.result()
}
