import { setTimeout as pause } from 'node:timers/promises'
import { Random } from '../../src/testing/random.ts'
import { CountingClient, CrashAgent, judge, listeningPort, sendLine } from './crash-agent.ts'

/** How agents are killed. */
export interface KillRun {
  readonly kills: number
  readonly seed: number
  /** Settings beside those of netcat → file channel → file_roll. */
  readonly settings: Readonly<Record<string, string>>
  /** Called after each kill. */
  readonly progress?: (killed: number) => void
}

/** What became of them. */
export interface KillResult {
  readonly acknowledged: number
  readonly delivered: number
  /** What is wrong; nothing when every promise was kept. */
  readonly wrong: readonly string[]
}

const SINK_BATCH = 1000
/** Kills of one channel before it is drained and judged; a new one follows. */
const KILLS_PER_CHANNEL = 20
const CLIENTS = [1, 50, 2000]

/** Kills agents at full load, at random moments, start included, and looks at what comes out in the end. */
export async function killAgents(run: KillRun): Promise<KillResult> {
  const random = new Random(run.seed)
  const wrong: string[] = []
  let [killed, acknowledged, delivered] = [0, 0, 0]
  while (killed < run.kills && wrong.length === 0) {
    using agent = new CrashAgent({ 'sinks.out.sink.batchSize': String(SINK_BATCH), ...run.settings })
    const clients = CLIENTS.map((window, i) => new CountingClient(`c${i}`, window))
    for (let i = 0; i < KILLS_PER_CHANNEL && killed < run.kills; i++) {
      await lifeUntilKill(agent, clients, random)
      killed++
      run.progress?.(killed)
    }
    await lastLife(agent)
    const lives = agent.delivered()
    wrong.push(...judge(lives, clients, SINK_BATCH))
    acknowledged += clients.reduce((sum, client) => sum + client.acknowledged.length, 0)
    delivered += lives.reduce((sum, lines) => sum + lines.length, 0)
  }
  return { acknowledged, delivered, wrong }
}

async function lifeUntilKill(
  agent: CrashAgent,
  clients: readonly CountingClient[],
  random: Random
): Promise<void> {
  await using life = agent.begin()
  if (random.chance(0.25)) {
    // Somewhere between the first line of code and the end of recovery.
    await pause(random.below(400))
    await life.stop('SIGKILL')
    return
  }
  const port = await listeningPort(life)
  const working = clients.map(client => client.run(port, () => false))
  await pause(random.below(500))
  await life.stop('SIGKILL')
  await Promise.all(working)
}

async function lastLife(agent: CrashAgent): Promise<void> {
  await using life = agent.begin()
  await sendLine(await listeningPort(life), 'the end')
  await agent.deliveredLine('the end')
  await life.stop()
}
