import type { Clock } from '../core/contracts.ts'

// setTimeout fires at once for anything longer.
const LONGEST_MS = 2 ** 31 - 1

/** The computer's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),

  monotonic: () => performance.now(),

  sleep(ms, signal) {
    const { promise, resolve } = Promise.withResolvers<void>()
    if (signal?.aborted === true) return Promise.resolve()
    const cancel = schedule(ms, true, finish)
    signal?.addEventListener('abort', finish, { once: true })
    return promise

    function finish(): void {
      cancel()
      signal?.removeEventListener('abort', finish)
      resolve()
    }
  },

  after: (ms, task) => schedule(ms, false, task)
}

function schedule(ms: number, keepsAlive: boolean, task: () => void): () => void {
  let timer: NodeJS.Timeout
  const wait = (leftMs: number): void => {
    timer =
      leftMs > LONGEST_MS
        ? setTimeout(() => {
            wait(leftMs - LONGEST_MS)
          }, LONGEST_MS)
        : setTimeout(task, Math.max(leftMs, 0))
    if (!keepsAlive) timer.unref()
  }
  wait(ms)
  return () => {
    clearTimeout(timer)
  }
}
