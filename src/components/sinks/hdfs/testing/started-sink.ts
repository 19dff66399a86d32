import { defineSerializer, type Resolution } from '../../../../core/component.ts'
import { settingsOf } from '../../../../core/read-settings.ts'
import { batchOf, fakeSinkContext } from '../../../../testing/fake-context.ts'
import { FakeFileSystem } from '../../../../testing/fake-file-system.ts'
import definition from '../hdfs.ts'
import { HdfsSink } from '../hdfs-sink.ts'
import type { HdfsContext, metrics } from '../metrics.ts'

/** What the fake clock says at first; file names count from it. */
export const NOW = 1_700_000_000_000
/** For deliveries that nobody ends. */
export const never = new AbortController().signal

/** Bodies as lines, written as they come. */
export const lines = defineSerializer({
  type: 'text',
  stability: 'stable',
  summary: 'Lines.',
  settings: {},
  create: () => ({
    write: batch => [Buffer.from([...batch].map(({ text }) => `${text}\n`).join(''))],
    flush: () => [],
    end: () => []
  })
})

const TEXT = {
  'hdfs.path': '/data',
  'hdfs.fileType': 'DataStream',
  'hdfs.rollInterval': '0',
  'hdfs.rollSize': '0',
  'hdfs.rollCount': '0'
}

type Properties = Readonly<Record<string, string>>
type Find = () => Resolution

/** Answers every question for a serializer with `lines`. */
export const foundLines: Find = () => ({ status: 'found', definition: lines })

/** Settings of a sink that writes lines below `/data` and never rolls, but for what `properties` say. */
export function textSettings(properties: Properties = {}, find = foundLines) {
  return settingsOf(definition, { ...TEXT, ...properties }, find)
}

/** Such a sink on a store in memory, not started. */
export function sinkOn(store: FakeFileSystem, context: HdfsContext, properties?: Properties, find?: Find) {
  const opened = async (path: string) => ({ fileSystem: store, path })
  return new HdfsSink(textSettings(properties, find), context, opened)
}

/** Such a sink on a store of its own, started. */
export async function startedSink(properties?: Properties, find?: Find) {
  const context = fakeSinkContext<typeof metrics>()
  const store = new FakeFileSystem({ now: () => context.clock.now() })
  const sink = sinkOn(store, context, properties, find)
  await sink.start()
  const deliver = (...texts: string[]) => sink.deliver(batchOf(texts), never)
  return { context, store, sink, deliver }
}
