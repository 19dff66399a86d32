import type { Seal } from './frame-codec.ts'
import type { DurableLogOptions } from './log-options.ts'
import { withReader } from './read-patience.ts'
import { scanSegment, type SegmentScan } from './scan-segment.ts'
import { findSeal, type FoundFile, segmentOf } from './segment-files.ts'
import { sealPosition } from './segment.ts'

/** Position behind the last frame of a segment; that of a seal is further than any. 0 without a header. */
export async function reachOf(options: DurableLogOptions, file: FoundFile): Promise<number> {
  const { scan, seal, size } = await look(options, file)
  return seal === undefined ? (scan?.end ?? 0) : size
}

/** Events in a file of any log, delivered or not; 0 where they cannot be counted. */
export async function countEvents(options: DurableLogOptions, file: FoundFile): Promise<number> {
  try {
    const { scan, seal } = await look(options, file)
    const { firstEvent, nextEvent } = seal ?? scan ?? { firstEvent: 0, nextEvent: 0 }
    return nextEvent - (firstEvent ?? nextEvent)
  } catch {
    return 0 // its key is not ours
  }
}

async function look(
  options: DurableLogOptions,
  file: FoundFile
): Promise<{ readonly seal?: Seal; readonly scan?: SegmentScan; readonly size: number }> {
  const { header } = file
  if (header === undefined) return { size: 0 }
  const segment = segmentOf(file, header.channelId, options.cipher)
  const { size } = segment
  const seal = await findSeal(options, segment, file.bytes)
  if (seal !== undefined) return { seal, size }
  const limit = sealPosition(segment)
  const bounds = { limit, durable: 0, firstEvent: undefined, nextEvent: undefined, cutAt: undefined }
  const scan = await withReader(options, file.path, reads => scanSegment(segment, reads, bounds))
  return { scan, size }
}
