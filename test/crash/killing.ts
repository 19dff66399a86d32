import { mkdirSync, watch } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Random } from '../../src/testing/random.ts'
import type { AgentProcess, Ending } from '../e2e/agent-process.ts'
import { Account, Conversation } from './account.ts'
import { CountingClient } from './counting-client.ts'
import { countersOf, CrashAgent, listeningPorts } from './crash-agent.ts'
import { DeliveryJudge } from './delivery-judge.ts'
import { type Death, type KillRun, type KillTally, USUAL_DEATHS } from './kill-plan.ts'
import { numberedLine, sequenceOf } from './numbered-lines.ts'

/** Names of the sources that make events by themselves, where a run has them. */
export const SEQUENCE = 'numbers'
export const NOISE = 'noise'

const SINK_BATCH = 1000
/** Events that a sink has delivered and its channel has not let go of on the disk: the batch in hand, and commits under way. */
const MOST_UNSETTLED = 16_000
/** Most lines of each client that are not answered. */
const WINDOWS = [1, 50, 2000, 20_000]
const LIFE_PATIENCE_MS = 90_000
/** Beyond the moment at which the threads that write have started. */
const LONGEST_WORK_MS = 900
const LONGEST_STOP_MS = 60
const LONGEST_TAKE_OVER_MS = 300
const MOST_CHANGES = 16
/** Lines that each client has acknowledged in the last life at least. */
const LAST_LINES = 100
/** What the bodies of a stress source are made of. */
const NOISE_BYTE = '\x7f'

/** The lives of one channel, and what they deliver. */
export class Killing implements Disposable {
  readonly #run: KillRun
  readonly #random: Random
  readonly #tally: KillTally
  readonly #agent: CrashAgent
  readonly #clients = WINDOWS.map((window, i) => new CountingClient(`c${i}`, window))
  readonly #last = new CountingClient('end', 1)
  readonly #accounts = new Map<string, Account>()
  readonly #judge: DeliveryJudge
  readonly #noise = { accepted: 0, delivered: 0 }

  constructor(run: KillRun, random: Random, tally: KillTally) {
    this.#run = run
    this.#random = random
    this.#tally = tally
    this.#agent = new CrashAgent({ 'sinks.out.sink.batchSize': String(SINK_BATCH), ...run.settings })
    const prepared = run.prepare?.(this.#agent, random) ?? []
    for (const account of [...prepared, ...[...this.#clients, this.#last].map(client => client.account)])
      this.#accounts.set(account.producer, account)
    this.#judge = new DeliveryJudge({
      inHand: run.inHand ?? MOST_UNSETTLED,
      forgets: run.forgets,
      account: producer => this.#accounts.get(producer)
    })
  }

  /** One life, until it is killed or stopped; resolves to whether it was killed. */
  async life(): Promise<boolean> {
    const death = this.#random.pick(this.#run.deaths ?? USUAL_DEATHS)
    await using life = this.#agent.begin()
    this.#accounts.set(sequenceOf(this.#agent.life), this.#sequence())
    const { signal, code } = await this.#watched(life, death, this.#liveAndDie(life, death))
    const killed = signal === 'SIGKILL'
    if (killed ? death === 'stopped' : code !== 143) {
      this.#tally.wrong.push(`SIGTERM ended with ${code ?? signal}.\n${await this.#agent.condition(life)}`)
    }
    this.#tally.deaths[killed ? death : 'stopped']++
    if (killed) this.#tally.kills++
    this.#harvest(killed)
    return killed
  }

  /** Drains the channel, and looks at everything. */
  async end(): Promise<void> {
    this.#agent.change({ sources: 'in' })
    await this.#lastLife(LAST_LINES)
    // One more has nothing left to deliver: all takes were committed.
    await this.#lastLife(0)
    const accounts = [...this.#accounts.values()]
    this.#judge.end(accounts)
    this.#tally.acknowledged += accounts.reduce((sum, { accepted }) => sum + accepted, 0)
    this.#tally.acknowledged += this.#noise.accepted
    this.#tally.delivered += this.#judge.delivered + this.#noise.delivered
    this.#tally.repeated += this.#judge.repeated
    this.#tally.wrong.push(...this.#judge.wrong)
    if (this.#noise.delivered < this.#noise.accepted)
      this.#tally.wrong.push(`${this.#noise.accepted - this.#noise.delivered} lines of noise are lost`)
  }

  [Symbol.dispose](): void {
    this.#agent[Symbol.dispose]()
  }

  async #liveAndDie(life: AgentProcess, death: Death): Promise<Ending> {
    const early = this.#dieEarly(life, death)
    if (early !== undefined) {
      await Promise.race([early, life.ended()])
      return life.stop('SIGKILL')
    }
    const begun = Date.now()
    const ports = await listeningPorts(life, this.#run.netcats)
    this.#tally.startMs = Math.max(this.#tally.startMs, 1.2 * (Date.now() - begun))
    const working = this.#work(ports)
    await Promise.all(this.#clients.map(client => client.accepts(1, working)))
    const [from, before] = [Date.now(), this.#accepted]
    const ending = await this.#die(life, death)
    this.#tally.workMs += Date.now() - from
    await working
    this.#tally.worked += this.#accepted - before
    return ending
  }

  /** Resolves when the agent is to be killed before it has done anything for its clients; undefined for other deaths. */
  #dieEarly(life: AgentProcess, death: Death): Promise<unknown> | undefined {
    switch (death) {
      case 'starting':
        return this.#pause(this.#tally.startMs)
      case 'first files':
        return this.#filesChange(this.#tally.startMs)
      case 'taking over':
        return life
          .said(/Taking over the events|Listening/)
          .then(() =>
            this.#random.chance(0.5)
              ? this.#pause(LONGEST_TAKE_OVER_MS)
              : this.#filesChange(LONGEST_TAKE_OVER_MS)
          )
      default:
        return undefined
    }
  }

  async #die(life: AgentProcess, death: Death): Promise<Ending> {
    if (death === 'files change') await this.#filesChange(LONGEST_WORK_MS)
    else if (death !== 'first answers') await this.#pause(LONGEST_WORK_MS)
    await this.#countAccepted(life)
    if (death === 'stopping' || death === 'stopped') {
      life.child.kill('SIGTERM')
      if (death === 'stopped') return life.ended()
      await Promise.race([this.#pause(LONGEST_STOP_MS), life.ended()])
    } else if (this.#clients.every(({ isWaiting }) => isWaiting)) this.#tally.atLoad++
    return life.stop('SIGKILL')
  }

  async #lastLife(lines: number): Promise<void> {
    await using life = this.#agent.begin()
    const [port = 0] = await this.#watched(life, 'the last life', listeningPorts(life))
    if (lines > 0) await this.#watched(life, 'the last lines', this.#acceptEach(port, lines))
    const end = numberedLine(this.#last.account.producer, this.#last.account.sent)
    await this.#watched(life, 'the very last line', this.#last.untilAccepted(port))
    await this.#agent.deliveredLine(life, end)
    const { code } = await life.stop()
    if (code !== 143) this.#tally.wrong.push(`The last life ended with ${code}.`)
    this.#harvest(false)
  }

  /** Lets each client send until so many more of its lines were accepted. */
  #acceptEach(port: number, lines: number): Promise<unknown> {
    return Promise.all(
      this.#clients.map(client => {
        const enough = client.accepted + lines
        return client.run(port, () => client.accepted >= enough)
      })
    )
  }

  #work(ports: readonly number[]): Promise<unknown> {
    return Promise.all(
      this.#clients.map((client, i) => client.run(ports[i % ports.length] ?? 0, () => false))
    )
  }

  get #accepted(): number {
    return this.#clients.reduce((sum, { accepted }) => sum + accepted, 0)
  }

  #pause(longestMs: number): Promise<unknown> {
    return pause(this.#random.next() * longestMs)
  }

  /** Resolves when a file of the channel came, went or was renamed for the n-th time, or after a while. */
  async #filesChange(longestMs: number): Promise<void> {
    let left = 1 + this.#random.below(MOST_CHANGES)
    const { promise, resolve } = Promise.withResolvers<void>()
    const watchers = (this.#run.folders ?? ['data']).map(name => {
      const folder = join(this.#agent.channel, name)
      mkdirSync(folder, { recursive: true })
      return watch(folder, event => {
        if (event === 'rename' && --left === 0) resolve()
      })
    })
    await Promise.race([promise, pause(longestMs)])
    for (const watcher of watchers) watcher.close()
  }

  /** What a seq source said in the latest life: as much as it likes. */
  #sequence(): Account {
    const account = new Account(sequenceOf(this.#agent.life))
    const conversation = account.begin(new Conversation(0))
    conversation.sent = Infinity
    return account
  }

  /** Notes what sources without clients have put into the channel by now. */
  async #countAccepted(life: AgentProcess): Promise<void> {
    if (this.#run.settings['sources']?.includes(SEQUENCE) !== true) return
    const counters = await countersOf(life)
    this.#accounts
      .get(sequenceOf(this.#agent.life))
      ?.accept(Number(counters[`SOURCE.${SEQUENCE}`]?.['EventAcceptedCount']))
    this.#noise.accepted += Number(counters[`SOURCE.${NOISE}`]?.['EventAcceptedCount'])
  }

  #harvest(killed: boolean): void {
    const lines = this.#agent.harvest()
    const numbered = lines.filter(line => !line.includes(NOISE_BYTE))
    this.#noise.delivered += lines.length - numbered.length
    this.#judge.life(numbered, killed ? 'killed' : 'stopped')
  }

  /** What is being waited for, or why it does not come. */
  async #watched<T>(life: AgentProcess, what: string, work: Promise<T>): Promise<T> {
    const ending = new AbortController()
    const late = pause(LIFE_PATIENCE_MS, undefined, { signal: ending.signal }).then(() =>
      Promise.reject(new Error(`It takes longer than ${LIFE_PATIENCE_MS} ms.`))
    )
    late.catch(() => {})
    try {
      return await Promise.race([work, late])
    } catch (error) {
      const message = `Life ${this.#agent.life}, ${what}, after ${this.#tally.kills} kills:\n${await this.#agent.condition(life)}`
      throw new Error(message, { cause: error })
    } finally {
      ending.abort()
    }
  }
}
