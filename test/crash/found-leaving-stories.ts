import { HOMECOMING, type LeavingLife, type LeavingStory } from './leaving-story.ts'

const CALM: LeavingLife = { ...HOMECOMING, puts: [], takes: 0, end: 'kill', segmentBlocks: 6 }

/** Stories that random search found, and what went wrong in them. */
export const FOUND_LEAVING: Readonly<Record<string, LeavingStory>> = {
  'two starts without each other gave what came back to them the same name': {
    seed: 0,
    folders: 2,
    lives: [
      { ...CALM, puts: [1, 1, 20, 1] },
      { ...CALM, missing: [109, 179], puts: [1, 1], takes: 1000 },
      { ...CALM, away: [1] },
      { ...CALM, away: [0], puts: [20] },
      CALM
    ]
  },
  'a start that wrote nothing forgot that a folder was away, so that what there was of a put was given up': {
    seed: 0,
    folders: 3,
    lives: [
      { ...CALM, puts: [200] },
      { ...CALM, away: [2, 1] },
      { ...CALM, away: [2, 1], puts: [1] },
      { ...CALM, away: [0] }
    ]
  },
  'numbers of an epoch that was away were given again': {
    seed: 0,
    folders: 3,
    lives: [
      { ...CALM, puts: [200] },
      { ...CALM, away: [0], missing: [0], puts: [1] },
      { ...CALM, missing: [0], puts: [1, 1], takes: 30 },
      { ...CALM, away: [0, 1], missing: [0], puts: [1] },
      { ...CALM, away: [0] }
    ]
  },
  'the record of a stop outlived a life whose files were gone': {
    seed: 0,
    folders: 1,
    lives: [
      { ...CALM, puts: [1], end: 'stop' },
      { ...CALM, puts: [1] },
      { ...CALM, missing: [135], cutsPut: true, end: 'stop' }
    ]
  },
  'what was given up was known to segments only, and there was none': {
    seed: 0,
    folders: 3,
    lives: [
      { ...CALM, puts: [20] },
      { ...CALM, away: [0], takes: 1000, end: 'stop' },
      { ...CALM, away: [1, 0], puts: [1] }
    ]
  },
  'what came back first said that what came back later was delivered': {
    seed: 0,
    folders: 2,
    lives: [
      { ...CALM, puts: [1] },
      { ...CALM, away: [0], puts: [1, 1, 1, 1, 20], segmentBlocks: 8 },
      { ...CALM, missing: [393, 770] },
      { ...CALM, away: [0] }
    ]
  }
}
