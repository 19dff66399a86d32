import { checkedSettings } from '../core/checked-settings.ts'
import type { Around, Problem, ProcessorAround, SelectorAround } from '../core/component.ts'
import type { Resolved, SettingsReading } from '../core/read-settings.ts'
import type { Settings, Values } from '../core/schema.ts'

type AnyAround = SelectorAround & ProcessorAround

interface Options {
  readonly resolved?: Resolved
  readonly around?: Partial<AnyAround>
}

/** What `flume-ng validate` finds of a component with these properties, in an agent that has nothing else. */
export function checked<S extends Settings, A extends Around>(
  definition: {
    readonly settings: S
    check?(settings: Values<S>, around: A): readonly Problem[] | Promise<readonly Problem[]>
  },
  properties: Readonly<Record<string, string>>,
  { resolved = () => undefined, around }: Options = {}
): Promise<SettingsReading<S>> {
  const whole: AnyAround = {
    name: 'tested',
    prefix: 'a1.parts.tested.',
    properties,
    agent: { agent: 'a1', channels: [], sources: [], sinks: [], groups: [] },
    environment: { variables: {}, properties: {}, configDirectory: undefined },
    source: 'r1',
    channels: [],
    sinks: [],
    ...around
  }
  return checkedSettings(definition, resolved, whole as unknown as A)
}
