import { AssertionError } from 'node:assert'
import { settled } from './fake-clock.ts'

/** No part of ours needs so long for anything, however busy the machine is. */
const LONGEST_MS = 20_000

/** Resolves and rejects as `pending` does; when that does neither in time, rejects with the promise that was broken. */
export async function kept<T>(promise: string, pending: PromiseLike<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(broken(promise)), LONGEST_MS)
  try {
    return await Promise.race([pending, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

/** Goes on with `step` until the condition is true; rejects with the promise that was broken when it is not in time. */
export async function until(
  condition: () => boolean,
  promise: string,
  step: () => Promise<unknown> = settled
): Promise<void> {
  let late = false
  const timer = setTimeout(() => (late = true), LONGEST_MS)
  try {
    while (!condition()) {
      if (late) throw broken(promise)
      await step()
      await settled()
    }
  } finally {
    clearTimeout(timer)
  }
}

/** What each method promises, in a sentence. */
export type Promises<T> = { readonly [Method in keyof T]?: string }

/** The same part, but a call that does not answer in time rejects with what was promised. Methods may be replaced. */
export function answering<T extends object>(part: T, promises: Promises<T>, replaced: Partial<T> = {}): T {
  return new Proxy(part, {
    get(target, key: string | symbol) {
      const own: unknown = Reflect.get(replaced, key) ?? Reflect.get(target, key, target)
      const promise: unknown = Reflect.get(promises, key)
      if (typeof own !== 'function') return own
      const call = own.bind(target) as (...values: unknown[]) => unknown
      if (typeof promise !== 'string') return call
      return (...values: unknown[]) => kept(promise, call(...values) as PromiseLike<unknown>)
    }
  })
}

function broken(promise: string): AssertionError {
  return new AssertionError({ message: `A promise was not kept within ${LONGEST_MS / 1000} s: ${promise}.` })
}
