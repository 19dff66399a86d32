import type { Checked } from './check-component.ts'
import type { CheckedGroup } from './check-groups.ts'
import type { CheckedSink } from './check-sinks.ts'
import type { CheckedSource } from './check-sources.ts'

/** Everything that was checked of one agent, by name and in the order of the file. */
export interface CheckedAgent {
  readonly channels: ReadonlyMap<string, Checked>
  readonly sources: ReadonlyMap<string, CheckedSource>
  readonly sinks: ReadonlyMap<string, CheckedSink>
  readonly groups: readonly CheckedGroup[]
}
