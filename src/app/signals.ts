import type { EventEmitter } from 'node:events'
import { constants } from 'node:os'
import process from 'node:process'

const STOPPING = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const
/** A signal that ends the agent. */
export type StopSignal = (typeof STOPPING)[number]

/** `timeout` and a terminal tell a process and its group: what comes within this time is the same wish. */
const SAME_WISH_MS = 300

/** How long calls to the system may take at the very end: 0.2 s. */
const LOOK_MS = 10
const MOST_LOOKS = 20

/** Ctrl-Break in the console of Windows, as in Java. */
const TELLING = process.platform === 'win32' ? 'SIGBREAK' : 'SIGQUIT'

/** Exit code of a process that a signal ended, as shells count. */
export function exitCodeOf(signal: StopSignal): number {
  return 128 + constants.signals[signal]
}

/** The signals that end the agent. */
export interface StopSignals {
  /** Resolves with the first one. */
  readonly first: Promise<StopSignal>
  /** Resolves with the second one, for an operator who cannot wait. */
  readonly second: Promise<StopSignal>
}

/** What the other signals are for. */
export interface SignalTasks {
  /** SIGQUIT: what a thread dump is to a Java program. */
  tell(): void
  /** SIGUSR1, and SIGHUP when `hangUpReopens`, which otherwise ends the agent. */
  reopen(): void
  readonly hangUpReopens: boolean
  /** Signals that end nothing, as whoever started this wants them ignored. */
  readonly deaf?: readonly string[]
  /** SIGUSR2 has no meaning here. */
  ignored(signal: string): void
}

/** Where signals come from. */
export type SignalSource = Pick<EventEmitter, 'on' | 'off' | 'listeners'>

/** Listens from now on, in place of whoever did. `now` counts milliseconds. */
export function listenForSignals(
  tasks: SignalTasks,
  source: SignalSource = process,
  now: () => number = () => performance.now()
): StopSignals {
  const first = Promise.withResolvers<StopSignal>()
  const second = Promise.withResolvers<StopSignal>()
  let firstAt: number | undefined
  const stop = (signal: StopSignal): void => {
    if (firstAt === undefined) first.resolve(signal)
    else if (now() - firstAt > SAME_WISH_MS) second.resolve(signal)
    firstAt ??= now()
  }
  for (const signal of STOPPING) {
    if (signal === 'SIGHUP' && tasks.hangUpReopens) replaceListeners(source, signal, () => tasks.reopen())
    else if (tasks.deaf?.includes(signal) === true) replaceListeners(source, signal, () => {})
    else replaceListeners(source, signal, () => stop(signal))
  }
  replaceListeners(source, TELLING, () => tasks.tell())
  replaceListeners(source, 'SIGUSR1', () => tasks.reopen())
  replaceListeners(source, 'SIGUSR2', () => tasks.ignored('SIGUSR2'))
  return { first: first.promise, second: second.promise }
}

// In this order: without a listener a signal would end the process.
function replaceListeners(source: SignalSource, signal: string, listener: () => void): void {
  const earlier = source.listeners(signal) as (() => void)[]
  source.on(signal, listener)
  for (const one of earlier) source.off(signal, one)
}

/**
 * Ends this process. exit() waits for the calls that the system has not answered yet, for ever where a disk is gone:
 * with one under way that does not end soon, the process ends by the signal that the code stands for.
 */
export async function leaveProcess(code: number): Promise<void> {
  for (let looks = 0; looks < MOST_LOOKS; looks++) {
    // A call whose answer is just being told counts as under way until then.
    await new Promise(resolve => setImmediate(resolve))
    if (!process.getActiveResourcesInfo().some(isSystemCall)) process.exit(code)
    await new Promise(resolve => setTimeout(resolve, LOOK_MS))
  }
  leaveAtOnce(code)
}

/** As leaveProcess(), without a look at what is under way. */
export function leaveAtOnce(code: number): void {
  if (process.pid === 1) leaveAsFirst(code)
  const signal = STOPPING.find(one => exitCodeOf(one) === code) ?? 'SIGKILL'
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
}

// No signal ends process 1 from within; to become another program ends all its threads.
function leaveAsFirst(code: number): void {
  try {
    process.execve?.('/bin/sh', ['sh', '-c', `exit ${code}`], {})
  } catch {
    process.abort()
  }
}

function isSystemCall(resource: string): boolean {
  return /^(?:FSReq|GetAddrInfo|GetNameInfo)/.test(resource)
}
