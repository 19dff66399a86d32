import { MemoryBudget } from '../../../core/memory-budget.ts'
import { DurableLog } from '../../../store/durable-log.ts'
import { SlabSpace } from '../../../store/space.ts'
import { channelContract, type OpenChannel } from '../../../testing/channel-contract.ts'
import { NOTHING_RETURNED } from '../../../testing/opened-log.ts'
import { SimulatedDisk } from '../../../testing/simulated-disk.ts'
import { MemoryFile } from './memory-file.ts'
import { SpillableChannel } from './spillable-channel.ts'

function opens(shareOfMemory: number): OpenChannel {
  return async ({ capacity, transactionCapacity }, context) => {
    const disk = new SimulatedDisk({ seed: 7, folders: ['/data'], automatic: true })
    const memoryCapacity = Math.floor(capacity * shareOfMemory)
    const { name, clock, log } = context
    const channel = new SpillableChannel(
      {
        memoryCapacity,
        overflowCapacity: capacity - memoryCapacity,
        transactionCapacity,
        overflowTimeoutMs: 3000,
        deactivationShare: 0.05,
        space: new SlabSpace(new MemoryBudget(2 ** 29)),
        openStore: async () => {
          const opened = await DurableLog.open({
            name,
            clock,
            log,
            disk,
            folders: ['/data'],
            capacity: capacity - memoryCapacity,
            transactionCapacity,
            keepAliveMs: 0,
            memoryBytes: 2 ** 20,
            minimumFreeBytes: 0,
            segmentBytes: 2 ** 18,
            stagingBytes: 2 ** 14
          })
          return {
            log: opened,
            watched: opened,
            returned: NOTHING_RETURNED,
            memoryFile: new MemoryFile(disk, '/checkpoint', log),
            folders: ['/data'],
            elapsedMs: 0,
            close: () => opened.close()
          }
        }
      },
      context
    )
    await channel.start()
    return channel
  }
}

channelContract('spillablememory, all in memory,', opens(1))
channelContract('spillablememory, all on disk,', opens(0))
