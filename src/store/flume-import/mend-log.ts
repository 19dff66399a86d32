import type { FlumeLog } from './flume-logs.ts'
import { FRAME_BYTES, LEAST_PAYLOAD_BYTES, OP_END, OP_NONE, OP_RECORD } from './log-record.ts'
import type { FlumeDamage } from './scan-log.ts'

/** Bytes to be written into a log. */
export interface Patch {
  readonly offset: number
  readonly bytes: Buffer
}

const MOST_FILLING_BYTES = 16 * 1024 * 1024

/** Turns a record into one that readers skip. */
export function takeOut(offset: number): Patch {
  return { offset, bytes: Buffer.of(OP_NONE) }
}

/** What makes a log one that Flume reads to its end: damaged parts become records that it skips. */
export function patchesFor(
  { bytes: size }: Pick<FlumeLog, 'bytes'>,
  damages: readonly FlumeDamage[]
): Patch[] {
  const patches: Patch[] = []
  for (const { kind, offset, bytes } of damages) {
    const payload = bytes - FRAME_BYTES
    if (kind === 'frame') patches.push({ offset, bytes: frame(OP_RECORD, payload) })
    else if (
      kind === 'record' ||
      kind === 'hollow' ||
      (kind === 'between' && payload >= LEAST_PAYLOAD_BYTES)
    ) {
      patches.push({ offset, bytes: frame(OP_NONE, payload) })
    } else if (kind === 'tail') {
      for (let at = offset; at < Math.min(offset + bytes, size); at += MOST_FILLING_BYTES) {
        patches.push({
          offset: at,
          bytes: Buffer.alloc(Math.min(MOST_FILLING_BYTES, offset + bytes - at), OP_END)
        })
      }
    }
  }
  return patches
}

function frame(op: number, payload: number): Buffer {
  const bytes = Buffer.alloc(FRAME_BYTES)
  bytes[0] = op
  bytes.writeInt32BE(payload, 1)
  return bytes
}
