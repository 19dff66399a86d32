import { flushCompileCache } from 'node:module'
import type { Catalog } from '../core/component.ts'
import type { Log } from '../core/contracts.ts'
import { parseJavaLong } from '../core/numbers.ts'
import type { AgentPlan } from '../core/plan.ts'
import { Agent } from '../engine/agent.ts'
import type { StopReport } from '../engine/services.ts'
import { startMonitoring, type Reporter } from '../monitor/monitoring.ts'
import { shutdownLines } from '../monitor/shutdown-metrics.ts'
import { balanceText } from './balance-text.ts'
import { systemClock } from './clock.ts'
import { loadDefinitions } from './definitions.ts'
import type { Logging } from './logging.ts'
import { defaultMemoryBytes } from './memory-limit.ts'
import type { Program } from './program.ts'
import { exitCodeOf, leaveProcess, listenForSignals, type StopSignal } from './signals.ts'
import { summaryText } from './summary.ts'

const DEFAULT_STOP_MS = 30_000
const IDLE_MS = 2 ** 30
const LAST_WORDS_MS = 200
const CACHE_FLUSH_MS = 3000

/** What was asked to run. */
export interface Job {
  readonly plan: AgentPlan
  readonly files: readonly string[]
  readonly catalog: Catalog
}

/** Runs an agent until a signal ends it. Resolves to the exit code; rejects when it cannot be put together. */
export async function runPlan(program: Program, logging: Logging, job: Job): Promise<number> {
  const log = logging.log('agent')
  const signals = listenForSignals(
    logging.hasFile
      ? () => {
          logging.reopen()
        }
      : undefined
  )
  surviveUnexpectedErrors(log)
  const idle = setInterval(() => {}, IDLE_MS)
  const agent = await assemble(program, logging, job)
  const stopping = new AbortController()
  const monitoring = start(agent, { program, logging, job, stopping: stopping.signal })
  const signal = await signals.first
  stopping.abort()
  log.info('Stopping.', { signal })
  void signals.second.then(second => endAtOnce(program, logging, second))
  const report = await agent.stop(stopDeadline(program, log))
  await (await monitoring)?.stop()
  leaveCounters(agent, logging)
  reportStop(report, log)
  program.out.line(balanceText(agent.balance()))
  clearInterval(idle)
  const code = exitCodeOf(signal)
  if (report.unfinished.length > 0) {
    await flushWithin(program, logging, LAST_WORDS_MS)
    leaveProcess(code, false)
  }
  return code
}

async function assemble({ environment }: Program, logging: Logging, { plan, catalog }: Job): Promise<Agent> {
  const definitions = await loadDefinitions(plan, catalog)
  return new Agent(plan, {
    ...definitions,
    log: component => logging.log(component),
    clock: systemClock,
    environment,
    memoryBytes: defaultMemoryBytes()
  })
}

interface Start {
  readonly program: Program
  readonly logging: Logging
  readonly job: Job
  readonly stopping: AbortSignal
}

async function start(
  agent: Agent,
  { program, logging, job, stopping }: Start
): Promise<Reporter | undefined> {
  const log = logging.log('agent')
  try {
    await agent.start()
    if (stopping.aborted) return undefined
    const reporter = await startMonitoring(program.environment.properties, agent, logging.log('monitoring'))
    program.out.line(
      summaryText({
        plan: job.plan,
        files: job.files,
        components: agent.components(),
        counters: agent.counters(),
        metrics: reporter?.url
      })
    )
    // Written now, as an agent that is killed would leave the next start cold.
    setTimeout(flushCompileCache, CACHE_FLUSH_MS).unref()
    return reporter
  } catch (error) {
    log.error('The agent did not start completely.', { error })
    return undefined
  }
}

// Errors in one component must not end the others; the engine restarts what reports that it failed.
function surviveUnexpectedErrors(log: Log): void {
  process.on('uncaughtException', error => {
    log.error('An unexpected error was caught, the agent goes on.', { error })
  })
  process.on('unhandledRejection', error => {
    log.error('An unexpected rejection was caught, the agent goes on.', { error })
  })
}

function stopDeadline({ environment }: Program, log: Log): number {
  const text = environment.properties['flume.stop.timeout']
  if (text === undefined) return DEFAULT_STOP_MS
  const seconds = parseJavaLong(text)
  if (seconds !== undefined && seconds >= 0n) return Number(seconds) * 1000
  log.warn('flume.stop.timeout is not a number of seconds; 30 is used.', { value: text })
  return DEFAULT_STOP_MS
}

/** Flume's shutdown metrics, for whoever reads the log afterwards; somebody at a terminal gets the balance only. */
function leaveCounters(agent: Agent, logging: Logging): void {
  const log = logging.log('counters')
  const write = logging.hasFile || !process.stderr.isTTY ? log.info : log.debug
  for (const group of agent.counters().filter(({ startTime }) => startTime > 0)) {
    for (const line of shutdownLines(group)) write(line)
  }
}

function reportStop({ abandoned, unfinished, elapsedMs }: StopReport, log: Log): void {
  for (const { channel, events } of abandoned) {
    log.error('Events were still in a channel that does not keep them, and are lost.', { channel, events })
  }
  for (const component of unfinished) log.error('A component did not end in time.', { component })
  log.info('Stopped.', { elapsedMs })
}

async function endAtOnce(program: Program, logging: Logging, signal: StopSignal): Promise<void> {
  const log = logging.log('agent')
  log.warn('A second signal ends the agent at once.', { signal })
  await flushWithin(program, logging, LAST_WORDS_MS)
  leaveProcess(exitCodeOf(signal), false)
}

async function flushWithin(program: Program, logging: Logging, ms: number): Promise<void> {
  const late = Promise.withResolvers<void>()
  const timer = setTimeout(late.resolve, ms)
  await Promise.race([Promise.all([logging.flush(), program.out.flush(ms)]), late.promise])
  clearTimeout(timer)
}
