import { constants } from 'node:os'

const STOPPING = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const
/** A signal that ends the agent. */
export type StopSignal = (typeof STOPPING)[number]

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

/** Listens from now on. With `onHangUp`, SIGHUP calls that instead of ending the agent. */
export function listenForSignals(onHangUp: (() => void) | undefined): StopSignals {
  const first = Promise.withResolvers<StopSignal>()
  const second = Promise.withResolvers<StopSignal>()
  let count = 0
  for (const signal of STOPPING) {
    process.on(signal, () => {
      if (signal === 'SIGHUP' && onHangUp !== undefined) return onHangUp()
      count++
      if (count === 1) first.resolve(signal)
      else second.resolve(signal)
    })
  }
  return { first: first.promise, second: second.promise }
}

/**
 * Ends this process. `clean` says that no write or read hangs; otherwise exit() would wait for it, so the process ends
 * by the signal that the code stands for.
 */
export function leaveProcess(code: number, clean: boolean): void {
  if (clean) process.exit(code)
  const signal = STOPPING.find(one => exitCodeOf(one) === code) ?? 'SIGKILL'
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
}
