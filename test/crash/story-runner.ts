import { SimulatedDisk } from '../../src/testing/simulated-disk.ts'
import { leftovers } from './story-leftovers.ts'
import { EMPTY_LIFE, LAST_LIFE } from './story-lives.ts'
import { BASE, type OpenLog } from './story-log.ts'
import { StoryModel } from './story-model.ts'
import { Stage } from './story-stage.ts'
import type { Story } from './story.ts'

/** Plays a story with a log on a simulated disk; resolves to what the log did wrong, nothing when it kept its word. */
export async function playStory(story: Story, open: OpenLog): Promise<string[]> {
  const model = new StoryModel(story.spoils)
  let disk = new SimulatedDisk({ seed: story.seed, folders: [BASE], spoils: story.spoils })
  for (const life of [...story.lives, LAST_LIFE, EMPTY_LIFE]) {
    const stage = new Stage(story, life, disk, model)
    disk = await stage.play(open)
    if (model.violations.length > 0) break
    if (life === LAST_LIFE) model.drained()
  }
  if (model.violations.length === 0) model.violations.push(...leftovers(story, disk))
  return model.violations
}
