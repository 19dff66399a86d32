import { flushCompileCache } from 'node:module'
import type { Catalog } from '../core/component.ts'
import type { Log } from '../core/contracts.ts'
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
import type { Packages } from './packages.ts'
import type { Program } from './program.ts'
import { exitCodeOf, leaveAtOnce, listenForSignals, type StopSignal } from './signals.ts'
import { reportState } from './state-report.ts'
import { readStopLimits, watchStop, type StopLimits } from './stopping.ts'
import { summaryText } from './summary.ts'

const IDLE_MS = 2 ** 30
const LAST_WORDS_MS = 200
const CACHE_FLUSH_MS = 3000

/** What was asked to run. */
export interface Job {
  readonly plan: AgentPlan
  readonly files: readonly string[]
  readonly catalog: Catalog
  readonly packages: Packages
}

/** Runs an agent until a signal ends it. Resolves to the exit code; rejects when it cannot be put together. */
export async function runPlan(program: Program, logging: Logging, job: Job): Promise<number> {
  const log = logging.log('agent')
  const limits = readStopLimits(program.environment.properties, log)
  const running: { agent?: Agent } = {}
  const signals = listenForSignals({
    hangUpReopens: logging.hasFile,
    deaf: (program.environment.variables['MILLRACE_DEAF'] ?? '').split(','),
    reopen: () => reopen(logging),
    tell: () => reportState(running.agent, logging),
    ignored: signal => log.info('This signal has no meaning here.', { signal })
  })
  void signals.second.then(second => {
    log.warn('A second signal ends the agent at once.', { signal: second })
    return leaveWithLastWords(program, logging, exitCodeOf(second))
  })
  surviveUnexpectedErrors(log)
  const idle = setInterval(() => {}, IDLE_MS)
  const agent = await assemble(program, logging, job)
  running.agent = agent
  const stopping = new AbortController()
  const monitoring = start(agent, { program, logging, job, stopping: stopping.signal })
  const signal = await signals.first
  stopping.abort()
  const code = await stop(agent, { program, logging, limits, monitoring, signal })
  clearInterval(idle)
  return code
}

interface Stop {
  readonly program: Program
  readonly logging: Logging
  readonly limits: StopLimits
  readonly monitoring: Promise<Reporter | undefined>
  readonly signal: StopSignal
}

async function stop(agent: Agent, parts: Stop): Promise<number> {
  const { program, logging, limits, monitoring, signal } = parts
  const log = logging.log('agent')
  const code = exitCodeOf(signal)
  log.info('Stopping.', { signal })
  const leave = (): void => leaveAtOnce(code)
  watchStop({ clock: systemClock, log, limits, waits: () => agent.stopWaits(), leave })
  const report = await agent.stop(limits.emptyMs)
  await (await monitoring)?.stop()
  leaveCounters(agent, logging)
  reportStop(report, log)
  program.out.line(balanceText(agent.balance()))
  if (report.unfinished.length > 0) await leaveWithLastWords(program, logging, code)
  return code
}

// A file is opened anew for whoever moved it, as logrotate does.
function reopen(logging: Logging): void {
  if (logging.hasFile) logging.reopen()
  else logging.log('agent').info('There is no log file to open anew.')
}

async function assemble(
  { environment }: Program,
  logging: Logging,
  { plan, catalog, packages }: Job
): Promise<Agent> {
  const definitions = await loadDefinitions(plan, catalog)
  return new Agent(plan, {
    ...definitions,
    log: component => logging.log(component),
    clock: systemClock,
    environment,
    load: name => packages.load(name),
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
    const reporter = await startMonitoring(program.environment.properties, agent, {
      log: logging.log('monitoring'),
      clock: systemClock
    })
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
  log.info('Stopped.', { elapsedMs: Math.round(elapsedMs) })
}

async function leaveWithLastWords(program: Program, logging: Logging, code: number): Promise<void> {
  const late = Promise.withResolvers<void>()
  setTimeout(late.resolve, LAST_WORDS_MS)
  await Promise.race([Promise.all([logging.flush(), program.out.flush(LAST_WORDS_MS)]), late.promise])
  leaveAtOnce(code)
}
