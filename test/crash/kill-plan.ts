import type { Random } from '../../src/testing/random.ts'
import type { Account } from './account.ts'
import type { CrashAgent } from './crash-agent.ts'

/** How a life ends. Where it is not said otherwise, the clients have had answers and wait for more. */
export const DEATHS = [
  'starting', // so many milliseconds after its begin
  'first files', // when files come and go, from the begin on
  'taking over', // while Flume's folders are taken over
  'first answers', // as soon as every client had one
  'at work',
  'files change', // at work, when files come and go
  'stopping', // after SIGTERM
  'stopped' // not killed: SIGTERM
] as const
export type Death = (typeof DEATHS)[number]

/** How lives end where nothing is taken over. */
export const USUAL_DEATHS = DEATHS.filter(death => death !== 'taking over')

/** How agents are killed. */
export interface KillRun {
  readonly kills: number
  readonly seed: number
  /** Settings beside those of netcat → file channel → file_roll. */
  readonly settings: Readonly<Record<string, string>>
  /** How many of the sources are netcat sources: one when not given. */
  readonly netcats?: number
  /** How lives end; the usual ways, as often, when not given. */
  readonly deaths?: readonly Death[]
  /** Folders in which the channel keeps files, below its own. */
  readonly folders?: readonly string[]
  /** Kills of one channel before it is drained and judged; a new one follows. */
  readonly killsPerChannel?: number
  /** Lines that may come again after a kill, where these are more than a sink may be ahead of the disk. */
  readonly inHand?: number
  /** Lines that one kill may cost: those of a channel that keeps some in memory only. */
  readonly forgets?: number
  /** Makes what a new channel finds; accounts of the lines that are in it already. */
  prepare?(agent: CrashAgent, random: Random): readonly Account[]
  /** Called after each kill. */
  progress?(killed: number): void
}

/** What became of them. */
export interface KillResult {
  readonly kills: number
  /** Lives by the way in which they ended. */
  readonly deaths: Readonly<Record<Death, number>>
  /** Kills while every client waited for answers. */
  readonly atLoad: number
  readonly acknowledged: number
  readonly delivered: number
  /** Lines that a kill made come again. */
  readonly repeated: number
  /** Lines acknowledged in a second of work. */
  readonly linesPerSecond: number
  /** What is wrong; nothing when every promise was kept. */
  readonly wrong: readonly string[]
}

/** What is counted over all channels of a run. */
export class KillTally {
  readonly deaths = Object.fromEntries(DEATHS.map(death => [death, 0])) as Record<Death, number>
  readonly wrong: string[] = []
  kills = 0
  atLoad = 0
  acknowledged = 0
  delivered = 0
  repeated = 0
  /** How long a start takes, or longer. */
  startMs = 300
  /** Lines acknowledged in the time that is measured. */
  worked = 0
  workMs = 0

  result(): KillResult {
    const { kills, deaths, atLoad, acknowledged, delivered, repeated, wrong } = this
    const linesPerSecond = Math.round((this.worked / Math.max(1, this.workMs)) * 1000)
    return { kills, deaths, atLoad, acknowledged, delivered, repeated, linesPerSecond, wrong }
  }
}
