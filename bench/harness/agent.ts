import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MeasuredProcess } from './measured-process.ts'
import type { Scratch } from './scratch.ts'

const HERE = join(import.meta.dirname, '../..')

/** Settings of one agent `a` with a netcat source, a memory channel (unless told otherwise) and at most one sink. Keys without the component. */
export interface AgentSettings {
  readonly source?: Readonly<Record<string, string | number | boolean>>
  readonly channel?: Readonly<Record<string, string | number | boolean>>
  readonly sink?: Readonly<Record<string, string | number | boolean>>
}

/** Channel and batch sizes of all runs that measure throughput. */
export const WIDE_CHANNEL = { capacity: 100_000, transactionCapacity: 1000, 'keep-alive': 60 }

/** Property file of such an agent; without sink settings the channel has no sink. */
export function configuration(port: number, { source = {}, channel = {}, sink }: AgentSettings): string {
  return [
    'a.sources = s1',
    'a.channels = c1',
    ...(sink === undefined ? [] : ['a.sinks = k1', 'a.sinks.k1.channel = c1']),
    'a.sources.s1.channels = c1',
    ...properties('a.sources.s1', { type: 'netcat', bind: '127.0.0.1', port, ...source }),
    ...properties('a.channels.c1', { type: 'memory', ...channel }),
    ...properties('a.sinks.k1', sink ?? {}),
    ''
  ].join('\n')
}

/** netcat without answers → memory → file_roll in batches of 1000: what Apache Flume runs for comparison, too. */
export function throughputConfiguration(port: number, output: string): string {
  return configuration(port, {
    source: { 'ack-every-event': false },
    channel: WIDE_CHANNEL,
    sink: fileRoll(output)
  })
}

/** Channel and batch sizes of the runs with a durable channel: Flume's defaults of the file channel. */
const DURABLE_BATCH = 10_000

/** Settings of a file channel that keeps everything below the scratch folder. */
export function fileChannel(scratch: Scratch, batch = DURABLE_BATCH): NonNullable<AgentSettings['channel']> {
  return {
    type: 'file',
    capacity: 1_000_000,
    transactionCapacity: batch,
    checkpointDir: scratch.folder('checkpoint'),
    dataDirs: scratch.folder('data'),
    'keep-alive': 60,
    minimumRequiredSpace: 1_048_576
  }
}

/** A memory channel of the same size. */
export function memoryChannel(batch = DURABLE_BATCH): NonNullable<AgentSettings['channel']> {
  return { type: 'memory', capacity: 1_000_000, transactionCapacity: batch, 'keep-alive': 60 }
}

/** netcat without answers → `channel` → file_roll, in batches of the channel's transactions. */
export function durableConfiguration(
  port: number,
  output: string,
  channel: NonNullable<AgentSettings['channel']>
): string {
  return configuration(port, {
    source: { 'ack-every-event': false },
    channel,
    sink: { ...fileRoll(output), 'sink.batchSize': channel['transactionCapacity'] ?? DURABLE_BATCH }
  })
}

/** Settings of a file_roll sink that writes one file. */
export function fileRoll(output: string): NonNullable<AgentSettings['sink']> {
  return { type: 'file_roll', 'sink.directory': output, 'sink.rollInterval': 0, 'sink.batchSize': 1000 }
}

/** Settings of an hdfs sink that writes one text file below /lines of the default store. */
export const HDFS_SINK: NonNullable<AgentSettings['sink']> = {
  type: 'hdfs',
  'hdfs.path': '/lines',
  'hdfs.fileType': 'DataStream',
  'hdfs.writeFormat': 'Text',
  'hdfs.batchSize': 1000,
  'hdfs.rollInterval': 0,
  'hdfs.rollSize': 0,
  'hdfs.rollCount': 0
}

/** How an agent is started. */
export interface StartOptions {
  /** Folder of the embedded store that paths without scheme go to. */
  readonly store?: string
  readonly flags?: readonly string[]
  /** The checkout that is run; this one by default. */
  readonly home?: string
  /** A module that is loaded first. */
  readonly preload?: string
}

/** Starts our agent with a property file. */
export function startAgent(
  scratch: Scratch,
  port: number,
  text: string,
  options: StartOptions = {}
): Promise<MeasuredProcess> {
  const conf = scratch.folder('conf')
  const file = join(conf, 'agent.conf')
  writeFileSync(file, text)
  if (options.store !== undefined) writeFileSync(join(conf, 'core-site.xml'), coreSite(options.store))
  return MeasuredProcess.start({
    command: join(options.home ?? HERE, 'bin/flume-ng'),
    args: ['agent', '-n', 'a', '-c', conf, '-f', file, '--no-reload-conf', ...(options.flags ?? [])],
    port,
    logFile: scratch.file('agent.log'),
    ...(options.preload === undefined ? {} : { environment: { NODE_OPTIONS: `--import=${options.preload}` } })
  })
}

function properties(prefix: string, values: Readonly<Record<string, string | number | boolean>>): string[] {
  return Object.entries(values).map(([key, value]) => `${prefix}.${key} = ${value}`)
}

function coreSite(store: string): string {
  return `<configuration><property><name>fs.defaultFS</name><value>embedded:${store}</value></property></configuration>\n`
}
