import { defineChannel, type Problem } from '../../../core/component.ts'
import { integer, long, optional } from '../../../core/schema.ts'
import { MemoryChannel } from './memory-channel.ts'
import { SlabSpace, SlotSpace } from '../../../store/space.ts'

const SECOND_MS = 1000

export default defineChannel({
  type: 'memory',
  classes: ['org.apache.flume.channel.MemoryChannel'],
  stability: 'stable',
  summary: 'Keeps events in a bounded queue in memory: fast, and gone when the agent dies.',
  settings: {
    capacity: integer('capacity', {
      doc: 'Most events held.',
      default: 100,
      min: 1,
      unit: 'events',
      lenient: true
    }),
    transactionCapacity: integer('transactionCapacity', {
      doc: 'Most events a source puts or a sink takes at once; at most capacity.',
      default: 100,
      min: 1,
      unit: 'events',
      lenient: true
    }),
    byteCapacity: optional(
      long('byteCapacity', {
        doc:
          'Most bytes of bodies held, counted as Flume does: in slots of 100 bytes, at least one for each event. ' +
          'Less than one slot means no limit, as in Flume. Without it all memory channels of the agent share half of the memory that the machine or the container has.',
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
    keepAliveSeconds: integer('keep-alive', {
      doc: 'How long a put waits for room before it is refused.',
      default: 3,
      min: 0,
      unit: 's',
      lenient: true
    })
  },
  transactionCapacity: settings => settings.transactionCapacity,
  check: ({ capacity, transactionCapacity }): Problem[] =>
    transactionCapacity <= capacity
      ? []
      : [
          {
            level: 'error',
            code: 'CAP_LT_TXN',
            key: 'transactionCapacity',
            message: 'Transaction Capacity of Memory Channel cannot be higher than the capacity.',
            hint: `Set transactionCapacity to ${capacity} or less, or capacity to ${transactionCapacity} or more.`
          }
        ],
  create: (settings, context) => {
    const { byteCapacity, byteCapacityBufferPercentage } = settings
    return new MemoryChannel(
      {
        capacity: settings.capacity,
        transactionCapacity: settings.transactionCapacity,
        keepAliveMs: settings.keepAliveSeconds * SECOND_MS,
        space:
          byteCapacity === undefined
            ? new SlabSpace(context.memory)
            : new SlotSpace(byteCapacity, byteCapacityBufferPercentage)
      },
      context
    )
  }
})
