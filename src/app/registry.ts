import type { AnyDefinition, Catalog, Resolution } from '../core/component.ts'
import { AgentError } from '../core/errors.ts'
import type { Kind } from '../core/plan.ts'
import { knownType, namesType } from '../config/known-types.ts'
import { builtInFor } from '../config/known/third-party.ts'

/** One component: what it is called, and how to get it. */
export interface RegistryEntry {
  readonly kind: Kind
  readonly type: string
  /** Class names that mean the same; exact case. */
  readonly classes: readonly string[]
  load(): Promise<AnyDefinition>
}

type Loaded = Promise<{ readonly default: AnyDefinition }>

function entry(kind: Kind, type: string, javaClass: string, load: () => Loaded): RegistryEntry {
  return {
    kind,
    type,
    classes: javaClass.split(' ').map(name => `org.apache.flume.${name}`),
    load: async () => (await load()).default
  }
}

/** The only list of components. Each loads when a configuration names it. */
export const COMPONENTS: readonly RegistryEntry[] = [
  entry('source', 'netcat', 'source.NetcatSource', () => import('../components/sources/netcat/netcat.ts')),
  entry('source', 'seq', 'source.SequenceGeneratorSource', () => import('../components/sources/seq/seq.ts')),
  entry('source', 'stress', 'source.StressSource', () => import('../components/sources/stress/stress.ts')),
  entry(
    'channel',
    'memory',
    'channel.MemoryChannel',
    () => import('../components/channels/memory/memory.ts')
  ),
  entry(
    'channel',
    'spillablememory',
    'channel.SpillableMemoryChannel',
    () => import('../components/channels/spillablememory/spillablememory.ts')
  ),
  entry('channel', 'jdbc', 'channel.jdbc.JdbcChannel', () => import('../components/channels/jdbc/jdbc.ts')),
  entry('channel', 'file', 'channel.file.FileChannel', () => import('../components/channels/file/file.ts')),
  entry('sink', 'hdfs', 'sink.hdfs.HDFSEventSink', () => import('../components/sinks/hdfs/hdfs.ts')),
  entry(
    'sink',
    'file_roll',
    'sink.RollingFileSink',
    () => import('../components/sinks/file-roll/file-roll.ts')
  ),
  entry('sink', 'logger', 'sink.LoggerSink', () => import('../components/sinks/logger/logger.ts')),
  entry('sink', 'null', 'sink.NullSink', () => import('../components/sinks/null/null.ts')),
  entry(
    'interceptor',
    'static',
    'interceptor.StaticInterceptor$Builder',
    () => import('../components/interceptors/static/static.ts')
  ),
  entry(
    'selector',
    'replicating',
    'channel.ReplicatingChannelSelector',
    () => import('../components/selectors/replicating/replicating.ts')
  ),
  entry(
    'processor',
    'default',
    'sink.DefaultSinkProcessor',
    () => import('../components/processors/default/default.ts')
  ),
  entry(
    'serializer',
    'text',
    'serialization.BodyTextEventSerializer$Builder',
    () => import('../components/serializers/text/text.ts')
  ),
  entry(
    'serializer',
    'header_and_text',
    'serialization.HeaderAndBodyTextEventSerializer$Builder',
    () => import('../components/serializers/header-and-text/header-and-text.ts')
  ),
  entry(
    'serializer',
    'avro_event',
    'serialization.FlumeEventAvroEventSerializer$Builder',
    () => import('../components/serializers/avro-event/avro-event.ts')
  ),
  entry(
    'serializer',
    'avro',
    'sink.hdfs.AvroEventSerializer$Builder serialization.AvroEventSerializer$Builder',
    () => import('../components/serializers/avro/avro.ts')
  )
]

/** Finds components in a list such as COMPONENTS; what Flume has and the list has not is told apart from the unknown. */
export class Registry implements Catalog {
  readonly #entries: readonly RegistryEntry[]

  constructor(entries: readonly RegistryEntry[]) {
    this.#entries = entries
  }

  async resolve(kind: Kind, type: string): Promise<Resolution> {
    const found = this.#entries.find(entry => entry.kind === kind && namesType(entry, type))
    if (found !== undefined) return { status: 'found', definition: await this.#load(found) }
    const known = knownType(kind, type)
    if (known !== undefined) return { status: 'not-in-this-version', type: known.type }
    return { status: 'third-party', type, instead: builtInFor(kind, type) }
  }

  /** Type and class names of one kind. */
  names(kind: Kind): readonly string[] {
    return this.#entries
      .filter(entry => entry.kind === kind)
      .flatMap(({ type, classes }) => [type, ...classes])
  }

  async #load(entry: RegistryEntry): Promise<AnyDefinition> {
    try {
      return await entry.load()
    } catch (error) {
      throw new AgentError(
        'ERR_START',
        `The ${entry.kind} ${entry.type} cannot be loaded.`,
        { type: entry.type },
        error
      )
    }
  }
}

/** The catalog of everything this version has. */
export const registry = new Registry(COMPONENTS)
