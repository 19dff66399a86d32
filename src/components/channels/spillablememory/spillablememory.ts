import { defineChannel, type Problem, type Properties } from '../../../core/component.ts'
import type { ChannelContext } from '../../../core/contracts/channel.ts'
import { parseJavaInt } from '../../../core/numbers.ts'
import { integer, long, optional, text, verified, type Values } from '../../../core/schema.ts'
import { openFileLog } from '../../../store/file-log.ts'
import {
  capacitySetting,
  checkFileSettings,
  fileSettings,
  transactionCapacityOf
} from '../../../store/file-settings.ts'
import { FOLDER_FINDINGS, folderStores, lintFolders } from '../../../store/folder-lint.ts'
import { LOG_DETAILS, type LOG_METRICS } from '../../../store/log-watch.ts'
import { SlabSpace, SlotSpace } from '../../../store/space.ts'
import { systemDisk } from '../../../store/system-disk.ts'
import { MemoryFile } from './memory-file.ts'
import { SPILLABLE_METRICS, SpillableChannel } from './spillable-channel.ts'
import type { Store } from './spill-store.ts'

const SECOND_MS = 1000
const MEMORY_CAPACITY = 10_000
/** Events of the overflow that stay in memory, too, for sinks that keep up. */
const OVERFLOW_MEMORY_BYTES = 16 * 1024 * 1024

const settings = {
  memoryCapacity: integer('memoryCapacity', {
    doc: 'Most events in memory; 0: all events go to disk.',
    default: MEMORY_CAPACITY,
    min: 0,
    unit: 'events',
    lenient: true
  }),
  overflowCapacity: {
    ...verified(
      capacitySetting('overflowCapacity', {
        doc: 'Most events on disk; `unlimited`: as many as the disk has room for. 0: no disk is used.',
        default: 100_000_000
      }),
      value =>
        value >= 0
          ? undefined
          : { problem: `is ${value}, out of range`, hint: 'Write a whole number from 0, or unlimited.' }
    ),
    lenient: true
  },
  overflowTimeoutSeconds: integer('overflowTimeout', {
    doc: 'How long a put waits for room in memory before it goes to disk.',
    default: 3,
    min: 0,
    unit: 's',
    lenient: true
  }),
  overflowDeactivationThreshold: integer('overflowDeactivationThreshold', {
    doc: 'Share of the memory that must be free before puts wait for memory again.',
    default: 5,
    min: 0,
    max: 100,
    unit: '%',
    lenient: true
  }),
  byteCapacity: optional(
    long('byteCapacity', {
      doc:
        'Most bytes of bodies in memory, counted as Flume does: in slots of avgEventSize bytes, at least one for each event. ' +
        'Less than one slot means no limit, as in Flume. Without it all channels of the agent share half of the memory that the machine or the container has.',
      unit: 'bytes',
      lenient: true
    })
  ),
  byteCapacityBufferPercentage: integer('byteCapacityBufferPercentage', {
    doc: 'Share of byteCapacity set aside for headers.',
    default: 20,
    min: 0,
    max: 99,
    unit: '%',
    lenient: true
  }),
  averageEventSize: integer('avgEventSize', {
    doc: 'Size of the slots that byteCapacity is counted in.',
    default: 500,
    min: 1,
    unit: 'bytes',
    lenient: true
  }),
  capacity: optional(text('capacity', { doc: 'Ignored with a warning: overflowCapacity says it.' })),
  keepAlive: optional(text('keep-alive', { doc: 'Ignored with a warning: overflowTimeout says it.' })),
  ...fileSettings
}

type Given = Values<typeof settings>

export default defineChannel({
  type: 'spillablememory',
  classes: ['org.apache.flume.channel.SpillableMemoryChannel'],
  stability: 'stable',
  summary:
    'Keeps events in memory and, when that is full, on disk: fast, and room for long outages of a sink.',
  settings,
  undocumented: ['overflowDeactivationThreshold'],
  findings: FOLDER_FINDINGS,
  lint: written => (keepsFiles(written.properties) ? lintFolders('spillablememory', written) : []),
  stores: (properties, home) =>
    keepsFiles(properties) ? folderStores(properties, home) : { key: 'dataDirs', places: [] },
  metrics: SPILLABLE_METRICS,
  details: LOG_DETAILS,
  transactionCapacity: transactionCapacityOf,
  check: given => [...checkFileSettings(given), ...withoutEffect(given), ...withoutRoom(given)],
  create: (given, context) => {
    const { byteCapacity, byteCapacityBufferPercentage, averageEventSize } = given
    return new SpillableChannel(
      {
        memoryCapacity: memoryCapacity(given),
        overflowCapacity: given.overflowCapacity,
        transactionCapacity: mostAtOnce(given),
        overflowTimeoutMs: given.overflowTimeoutSeconds * SECOND_MS,
        deactivationShare: given.overflowDeactivationThreshold / 100,
        space:
          byteCapacity === undefined
            ? new SlabSpace(context.memory)
            : new SlotSpace(byteCapacity, byteCapacityBufferPercentage, averageEventSize),
        openStore: () => openStore(given, context)
      },
      context
    )
  }
})

/** Without an overflow nothing is kept in a folder. */
function keepsFiles({ overflowCapacity = '' }: Properties): boolean {
  return parseJavaInt(overflowCapacity) !== 0
}

async function openStore(given: Given, context: ChannelContext<typeof LOG_METRICS>): Promise<Store> {
  const limits = { capacity: given.overflowCapacity, keepAliveMs: 0, memoryBytes: OVERFLOW_MEMORY_BYTES }
  const { log, returned, watched, folders, cipher, close } = await openFileLog(given, limits, context)
  const memoryFile = new MemoryFile(systemDisk, folders[0] ?? '.', context.log, cipher)
  return { log, returned, watched, close, folders, memoryFile, elapsedMs: log.recovery.elapsedMs }
}

/** Without room anywhere Flume takes its default. */
function memoryCapacity({ memoryCapacity: given, overflowCapacity }: Given): number {
  return given === 0 && overflowCapacity === 0 ? MEMORY_CAPACITY : given
}

/** What could never fit is no transaction. */
function mostAtOnce(given: Given): number {
  return Math.min(transactionCapacityOf(given), Math.max(memoryCapacity(given), given.overflowCapacity))
}

function withoutRoom({ memoryCapacity: memory, overflowCapacity }: Given): Problem[] {
  if (memory > 0 || overflowCapacity > 0) return []
  return [
    {
      level: 'warning',
      code: 'BAD_NUMBER',
      key: 'memoryCapacity',
      message: `memoryCapacity and overflowCapacity are both 0; memoryCapacity of ${MEMORY_CAPACITY} is used.`,
      hint: 'Set one of them.'
    }
  ]
}

function withoutEffect({ capacity, keepAlive }: Given): Problem[] {
  const unused: [string, string | undefined, string][] = [
    ['capacity', capacity, 'overflowCapacity'],
    ['keep-alive', keepAlive, 'overflowTimeout']
  ]
  return unused
    .filter(([, value]) => value !== undefined)
    .map(([key, , instead]) => ({
      level: 'warning',
      code: 'PROP_NO_EFFECT',
      key,
      message: `${key} has no effect on this channel, as in Flume.`,
      hint: `Remove the line; ${instead} says it.`
    }))
}
