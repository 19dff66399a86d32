import type { Context, Environment } from './contracts.ts'
import type { PolledSource, Source, SourceContext } from './contracts/source.ts'
import type { Interceptor, InterceptorContext } from './contracts/interceptor.ts'
import type { Selector, SelectorContext } from './contracts/selector.ts'
import type { Channel, ChannelContext } from './contracts/channel.ts'
import type { Sink, SinkContext } from './contracts/sink.ts'
import type { ProcessorContext, SinkProcessor } from './contracts/processor.ts'
import type { InnerKind, InnerKinds } from './inner.ts'
import type { DetailsDeclaration, Metrics, NoMetrics, Shows } from './metrics.ts'
import type { AgentPlan, Kind } from './plan.ts'
import type { Settings, Values } from './schema.ts'

/** What a component file exports by default. Everything that is known about the component is said here. */
export interface Definition<
  K extends Kind = Kind,
  S extends Settings = Settings,
  C = never,
  T = unknown,
  A = never
> {
  readonly kind: K
  /** The short name users write; any case. */
  readonly type: string
  /** Class names that mean the same; exact case. */
  readonly classes: readonly string[]
  readonly stability: 'stable' | 'preview'
  /** One sentence for the manual. */
  readonly summary: string
  readonly settings: S
  /** Packages that are not installed for everybody, each as `name@1.2.3`; see Context.load. */
  readonly needs?: readonly string[]
  /** Sources, interceptors, channels and sinks: what it counts and measures beside what all of its kind have. */
  readonly metrics?: Metrics
  /** Likewise: the table of what it works on. */
  readonly details?: DetailsDeclaration
  /** Most events of one transaction, where the component declares one: checked against the channels. */
  batchSize?(settings: Values<S>): number
  /** Channels: most events of one transaction. */
  transactionCapacity?(settings: Values<S>): number
  /**
   * Rules between settings, and between them and what is around the component: its channels, the agent, site files. Asked
   * before anything starts, once the settings by themselves can be used. Changes nothing, connects to nothing.
   */
  check?(settings: Values<S>, around: A): readonly Problem[] | Promise<readonly Problem[]>
  /** Traps in what was written or left out. They are told also where the settings are wrong, and drop nothing. */
  lint?(written: Written): readonly Problem[]
  /** Sinks: the same for traps in what reaches the sink. */
  lintInflow?(written: Written, reach: Reach): readonly Problem[]
  /** Codes of its problems that no other component has, each with its usual level and meaning, for the manual. */
  readonly findings?: Readonly<Record<string, FindingEntry>>
  /** Keys that work although Flume's guide does not list them; a dot at the end stands for all below. */
  readonly undocumented?: readonly string[]
  /** Keys whose quotes it takes away itself. */
  unquotes?(properties: Properties): readonly string[]
  /** Sources and interceptors: which headers events have behind it. Without it nothing is known of them. */
  headers?(properties: Properties): Headers
  /** Channels: where it keeps its events. Of two that name the same place only one can start. */
  stores?(properties: Properties, home: string): Stores
  /** Channels: other programs may fill or empty it. */
  readonly shared?: true
  create(settings: Values<S>, context: C): T
}

/** Settings as they are written, by key below the component. */
export type Properties = Readonly<Record<string, string>>

/** A component as it is written, whatever its settings are worth. */
export interface Written {
  readonly name: string
  /** What stands before its keys in the file: `a1.sinks.k1.` */
  readonly prefix: string
  readonly properties: Properties
}

/** Headers of the events behind a source or an interceptor. */
export interface Headers {
  /** Every event has them. */
  readonly always: readonly string[]
  /** Events may bring others from outside. */
  readonly more: boolean
}

/** Whether the events that reach a sink have a header. */
export type Reach = (header: string) => 'always' | 'perhaps' | 'never'

/** Places by a name that is the same where the place is; `key` is the setting that names another one. */
export interface Stores {
  readonly places: readonly string[]
  readonly key: string
}

/** A code that `validate` can give. */
export interface FindingEntry {
  readonly level: Problem['level']
  readonly meaning: string
}

/** What is wrong with one component's settings; `key` is relative to the component. */
export interface Problem {
  readonly level: 'error' | 'warning' | 'info'
  /** An error that does not drop the component: Flume would run it, and here it says the same again at each start. */
  readonly keeps?: true
  /** Stable word in capitals, listed in the manual. */
  readonly code: string
  readonly key: string
  /** A whole sentence. */
  readonly message: string
  /** What to write instead. */
  readonly hint: string
}

/** What is around a component when it is checked: plain data, and where its check finds files. */
export interface Around {
  /** The component's name in the configuration. */
  readonly name: string
  /** What stands before its keys in the file, such as `a1.sinks.k1.`; for hints that show a whole line. */
  readonly prefix: string
  /** Its keys as they are written. */
  readonly properties: Readonly<Record<string, string>>
  /** The whole agent as it is written, whatever its parts are worth; types by their short names. */
  readonly agent: AgentPlan
  readonly environment: Environment
}

/** The same for a selector. */
export interface SelectorAround extends Around {
  /** The source that has it. */
  readonly source: string
  /** The channels of that source, as far as they can be used: all that it may name. */
  readonly channels: readonly string[]
}

/** The same for a processor. */
export interface ProcessorAround extends Around {
  /** The members of its group that can be used, in the order of the file, with the channel that each drains. */
  readonly sinks: readonly { readonly name: string; readonly channel: string }[]
}

// Definitions of any settings, as registries hold them. `never` accepts every parameter type.
export type AnyDefinition = Definition<Kind, Settings, never>

type Described<S extends Settings, C, T, A = Around> = Omit<
  Definition<Kind, S, C, T, A>,
  'kind' | 'classes'
> & {
  readonly classes?: readonly string[]
}

function define<K extends Kind, S extends Settings, C, T, A = Around>(
  kind: K,
  given: Described<S, C, T, A>
): Definition<K, S, C, T, A> {
  return { classes: [], ...given, kind }
}

/** A part that is observed: `metrics` and `details` say what `create` is given, and what it must return. */
type Observable<S extends Settings, M extends Metrics, Columns extends Metrics, C, T> = Omit<
  Described<S, C, T & Shows<M, Columns>>,
  'metrics' | 'details'
> & { readonly metrics?: M; readonly details?: DetailsDeclaration<Columns> }

export const defineSource = <
  S extends Settings,
  M extends Metrics = NoMetrics,
  D extends Metrics = NoMetrics
>(
  given: Observable<S, M, D, SourceContext<M>, Source | PolledSource>
): Definition<'source', S, SourceContext<M>, Source | PolledSource, Around> => define('source', given)
export const defineChannel = <
  S extends Settings,
  M extends Metrics = NoMetrics,
  D extends Metrics = NoMetrics
>(
  given: Observable<S, M, D, ChannelContext<M>, Channel>
): Definition<'channel', S, ChannelContext<M>, Channel, Around> => define('channel', given)
export const defineSink = <S extends Settings, M extends Metrics = NoMetrics, D extends Metrics = NoMetrics>(
  given: Observable<S, M, D, SinkContext<M>, Sink>
): Definition<'sink', S, SinkContext<M>, Sink, Around> => define('sink', given)
export const defineInterceptor = <
  S extends Settings,
  M extends Metrics = NoMetrics,
  D extends Metrics = NoMetrics
>(
  given: Observable<S, M, D, InterceptorContext<M>, Interceptor>
): Definition<'interceptor', S, InterceptorContext<M>, Interceptor, Around> => define('interceptor', given)
export const defineSelector = <S extends Settings>(
  given: Described<S, SelectorContext, Selector, SelectorAround>
) => define('selector', given)
export const defineProcessor = <S extends Settings>(
  given: Described<S, ProcessorContext, SinkProcessor, ProcessorAround>
) => define('processor', given)
/** A component that lives inside others: its kind says what it makes. */
export const defineInner = <K extends InnerKind, S extends Settings>(
  kind: K,
  given: Described<S, Context, InnerKinds[K]>
) => define(kind, given)
export const defineSerializer = <S extends Settings>(
  given: Described<S, Context, InnerKinds['serializer']>
) => defineInner('serializer', given)

export type SourceDefinition = ReturnType<typeof defineSource>
export type ChannelDefinition = ReturnType<typeof defineChannel>
export type SinkDefinition = ReturnType<typeof defineSink>
export type InterceptorDefinition = ReturnType<typeof defineInterceptor>
export type SelectorDefinition = ReturnType<typeof defineSelector>
export type ProcessorDefinition = ReturnType<typeof defineProcessor>
export type SerializerDefinition = ReturnType<typeof defineSerializer>

/** What a type name of a configuration turns out to be. */
export type Resolution =
  | { readonly status: 'found'; readonly definition: AnyDefinition }
  /** It is there, but a package that it needs is not: `what`, and the command line that installs it. */
  | {
      readonly status: 'not-installed'
      readonly definition: AnyDefinition
      readonly what: string
      readonly command: string
    }
  /** One of Flume's own that this version does not have yet. */
  | { readonly status: 'not-in-this-version'; readonly type: string }
  /** A Java class that is not Flume's; `instead` names the built-in that does the job. */
  | { readonly status: 'third-party'; readonly type: string; readonly instead: string | undefined }

/** Finds components by the type name that users write. */
export interface Catalog {
  resolve(kind: Kind, type: string): Promise<Resolution>
}
