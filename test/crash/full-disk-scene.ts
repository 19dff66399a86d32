import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { Random } from '../../src/testing/random.ts'
import type { AgentProcess } from '../e2e/agent-process.ts'
import type { CountingClient } from './counting-client.ts'
import { countersOf, type CrashAgent, listeningPort } from './crash-agent.ts'
import { DeliveryJudge } from './delivery-judge.ts'
import type { SmallDisk } from './small-disk.ts'

const PATIENCE_MS = 60_000
const LOOK_EVERY_MS = 20
const LIVES = 6
const LONGEST_START_MS = 300
const LONGEST_FULL_MS = 600
/** Lines of the sink's batches that may come again after a kill. */
const IN_HAND = 4000

/** An agent whose channel is on a disk that can be filled, and its client. */
export interface Scene {
  readonly disk: SmallDisk
  readonly agent: CrashAgent
  readonly client: CountingClient
}

/** Sends until a line is refused. */
export async function fillUp(client: CountingClient, port: number): Promise<void> {
  const refused = client.refused
  await client.run(port, () => client.refused > refused)
}

/** Resolves once the sink has all events of the channel; rejects when that takes more than a minute. */
export async function emptied(agent: CrashAgent, life: AgentProcess): Promise<void> {
  for (const end = Date.now() + PATIENCE_MS; ; await pause(LOOK_EVERY_MS)) {
    const counters = await countersOf(life)
    if (counters['CHANNEL.file']?.['ChannelSize'] === '0') return
    if (Date.now() > end) throw new Error(`The channel is not emptied.\n${await agent.condition(life)}`)
  }
}

/** Empties the channel, stops the agent, and looks at all that its lives delivered. */
export async function settle({ agent, client }: Scene, life: AgentProcess): Promise<void> {
  await client.untilAccepted(await listeningPort(life))
  await emptied(agent, life)
  const { code } = await life.stop()

  const judge = new DeliveryJudge({ inHand: IN_HAND, account: () => client.account })
  for (const lines of agent.delivered()) judge.life(lines, 'killed')
  judge.end([client.account])
  assert.deepEqual([judge.wrong, code], [[], 143])
}

/** Lives whose disk is full from some moment of the start on, until some moment later. */
export async function livesOnFillingDisk({ disk, agent, client }: Scene, seed: number): Promise<void> {
  const random = new Random(seed)
  for (let i = 0; i < LIVES; i++) {
    await using life = agent.begin()
    await pause(random.below(LONGEST_START_MS))
    disk.fill()
    await pause(random.below(LONGEST_FULL_MS))
    const killed = random.chance(0.5)
    if (killed) await life.stop('SIGKILL')
    disk.empty()
    if (killed) continue
    await client.untilAccepted(await listeningPort(life))
    await life.stop(random.pick(['SIGKILL', 'SIGTERM']))
  }
}
