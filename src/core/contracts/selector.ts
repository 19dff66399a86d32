import type { EventBatch } from '../batch.ts'
import type { Context } from '../contracts.ts'

export interface SelectorContext extends Context {
  /** The channels of the source that run, in the order of the file. Others that the settings name are left out. */
  readonly channels: readonly string[]
}

/** One channel's share of a batch. A failing optional route does not fail the batch. */
export interface Route {
  readonly channel: string
  readonly batch: EventBatch
  readonly required: boolean
}

/** Decides which channels get which events. Routes keep the order of the batch. */
export interface Selector {
  route(batch: EventBatch): readonly Route[]
}
