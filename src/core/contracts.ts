import type { Facts } from './errors.ts'

/** start() resolves once the part does its job; stop() once it holds nothing. Both may be called twice. */
export interface Lifecycle {
  start(): Promise<void>
  stop(): Promise<void>
}

/** A constant sentence, and the facts beside it. */
export interface Log {
  debug(message: string, facts?: Facts): void
  info(message: string, facts?: Facts): void
  warn(message: string, facts?: Facts): void
  error(message: string, facts?: Facts): void
}

/** Time comes in, so that tests own it. */
export interface Clock {
  /** Milliseconds since the epoch, for names and what people read: it jumps when the computer's time is set. */
  now(): number
  /** Milliseconds since some moment, for everything that lasts: it only ever goes on, whatever the time is set to. */
  monotonic(): number
  /** Resolves after `ms`, or at once when `signal` aborts; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** Calls `task` once after `ms`; the returned function cancels. Does not keep the process alive. */
  after(ms: number, task: () => void): () => void
}

/** What surrounds the agent. */
export interface Environment {
  readonly variables: Readonly<Record<string, string | undefined>>
  /** System properties given with `-D`. */
  readonly properties: Readonly<Record<string, string>>
  /** The folder of `--conf`, where site files are looked for. */
  readonly configDirectory: string | undefined
}

/** What every component is given. */
export interface Context {
  /** The component's name in the configuration. */
  readonly name: string
  readonly log: Log
  readonly clock: Clock
  readonly environment: Environment
  /** Reports that the component broke by itself: it is stopped and started again. */
  fail(error: unknown): void
  /** A package that the definition `needs`, loaded from where plug-ins are; rejects with ERR_START when it is not there. */
  load(name: string): Promise<unknown>
}
