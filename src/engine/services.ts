import type { AnyDefinition } from '../core/component.ts'
import type { Clock, Environment, Log } from '../core/contracts.ts'
import type { ComponentPlan, Kind } from '../core/plan.ts'
import type { Resolved } from '../core/read-settings.ts'
import type { RunState } from './supervisor.ts'

/** What the engine needs from outside; nothing in it is global. */
export interface Services {
  /** The log of one component, such as `source r1`. */
  log(component: string): Log
  readonly clock: Clock
  readonly environment: Environment
  /** The definition that a plan's type stands for, loaded before. */
  definition(plan: ComponentPlan): AnyDefinition
  /** Inner components, looked up before. */
  readonly resolved: Resolved
  /** As Context.load. */
  load(name: string): Promise<unknown>
  /** What all channels together may keep in memory, in bytes. */
  readonly memoryBytes: number
}

/** How one component is doing. */
export interface ComponentState {
  readonly kind: Kind
  readonly name: string
  readonly type: string
  readonly state: RunState
  /** Where it listens or writes, in its own words. */
  readonly description: string | undefined
  readonly error: string | undefined
}

/** What a stop left behind. */
export interface StopReport {
  /** Events that were held by channels that lose them. */
  readonly abandoned: readonly { readonly channel: string; readonly events: number }[]
  /** Components that had not ended when the deadline came. */
  readonly unfinished: readonly string[]
  readonly elapsedMs: number
}
