import { MemoryBudget } from '../../../../core/memory-budget.ts'
import { DurableLog } from '../../../../store/durable-log.ts'
import type { FrameCipher } from '../../../../store/frame-cipher.ts'
import { SlabSpace } from '../../../../store/space.ts'
import { fakeChannelContext, textsOf } from '../../../../testing/fake-context.ts'
import { NOTHING_RETURNED } from '../../../../testing/opened-log.ts'
import { SimulatedDisk } from '../../../../testing/simulated-disk.ts'
import { MemoryFile } from '../memory-file.ts'
import { SpillableChannel, type SpillableLimits } from '../spillable-channel.ts'
import { ListLog } from './list-log.ts'

/** A channel on a list as its log and a simulated disk for its memory, which `keys.cipher` seals. */
export function setUp(
  limits: Partial<SpillableLimits> & { memoryCapacity: number; overflowCapacity: number },
  keys: { cipher?: FrameCipher } = {}
) {
  const context = fakeChannelContext()
  const log = new ListLog(limits.overflowCapacity)
  log.now = () => context.clock.monotonic()
  const disk = new SimulatedDisk({ seed: 1, folders: ['/data'], automatic: true })
  let stores = 0
  const closed = (): void => {
    stores--
    log.close()
  }
  const channel = new SpillableChannel(
    {
      transactionCapacity: 100,
      overflowTimeoutMs: 3000,
      deactivationShare: 0.05,
      space: new SlabSpace(new MemoryBudget(2 ** 29)),
      openStore: async () => {
        stores++
        const memoryFile = new MemoryFile(disk, '/data', context.log, keys.cipher)
        return {
          log,
          watched: log,
          returned: NOTHING_RETURNED,
          memoryFile,
          folders: ['/data'],
          elapsedMs: 4,
          close: async () => closed()
        }
      },
      ...limits
    },
    context
  )
  return { channel, context, log, disk, stores: () => stores }
}

/** A channel on a log of its own on a simulated disk, where a start loads what was in memory after `beforeLoad`. */
export function setUpOnDisk(
  disk: SimulatedDisk,
  memoryCapacity: number,
  beforeLoad = async (): Promise<void> => {}
) {
  const context = fakeChannelContext()
  const { name, clock, log } = context
  const sizes = { memoryBytes: 2 ** 20, minimumFreeBytes: 0, segmentBytes: 2 ** 18, stagingBytes: 2 ** 15 }
  const limits = { capacity: 1000, transactionCapacity: 100, keepAliveMs: 0 }
  const openStore = async () => {
    const opened = await DurableLog.open({ name, clock, log, disk, folders: ['/data'], ...sizes, ...limits })
    const memoryFile = new MemoryFile(disk, '/data', log)
    const load = memoryFile.load.bind(memoryFile)
    memoryFile.load = () => beforeLoad().then(load)
    return {
      log: opened,
      watched: opened,
      returned: NOTHING_RETURNED,
      memoryFile,
      folders: ['/data'],
      elapsedMs: 4,
      close: () => opened.close()
    }
  }
  const { channel } = setUp({ memoryCapacity, overflowCapacity: 1000, overflowTimeoutMs: 0, openStore })
  return channel
}

/** Takes once, and commits. */
export async function take(channel: SpillableChannel, max = 100): Promise<string[]> {
  await using lease = await channel.take(max)
  await lease?.commit()
  return textsOf(lease?.batch)
}

/** Takes and commits until there is nothing left. */
export async function takeAll(channel: SpillableChannel): Promise<string[]> {
  const texts: string[] = []
  for (let some = await take(channel); some.length > 0; some = await take(channel)) texts.push(...some)
  return texts
}
