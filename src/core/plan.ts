/**
 * What an agent consists of, as plain data: `config` writes it, `engine` runs it, reload compares two of them.
 * Property keys are relative to the component (`bind`, `hdfs.path`); keys of the frame (`type`, `channels`,
 * `selector.*`, `interceptors.*`) are not among them.
 */
export interface ComponentPlan {
  readonly kind: Kind
  readonly name: string
  /** The definition's `type`, whatever alias or class name was written. */
  readonly type: string
  readonly properties: Readonly<Record<string, string>>
}

export interface SourcePlan extends ComponentPlan {
  readonly channels: readonly string[]
  readonly selector: ComponentPlan
  readonly interceptors: readonly ComponentPlan[]
}

export interface SinkPlan extends ComponentPlan {
  readonly channel: string
}

export interface SinkGroupPlan {
  readonly name: string
  readonly processor: ComponentPlan
  readonly sinks: readonly string[]
}

/** Lists are in the order of the file. A sink in no group runs alone. */
export interface AgentPlan {
  readonly agent: string
  readonly channels: readonly ComponentPlan[]
  readonly sources: readonly SourcePlan[]
  readonly sinks: readonly SinkPlan[]
  readonly groups: readonly SinkGroupPlan[]
}

export const KINDS = [
  'source',
  'channel',
  'sink',
  'interceptor',
  'selector',
  'processor',
  'serializer',
  'deserializer',
  'handler',
  'headerserializer',
  'sinkselector'
] as const
export type Kind = (typeof KINDS)[number]
