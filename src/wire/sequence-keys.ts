import { endianness } from 'node:os'
import type { EventBatch } from '../core/batch.ts'
import { AgentError } from '../core/errors.ts'
import { parseJavaLong } from '../core/numbers.ts'

/** Keys of one batch for a sequence file: one 64-bit number for each event. */
export type SequenceKeys = BigInt64Array

/** Where the upper half of each key lies when a BigInt64Array is seen as pairs of 32-bit words. */
export const UPPER_WORD = endianness() === 'LE' ? 1 : 0

/**
 * The keys that Flume writes: header `timestamp` where an event has it, else `now` (epoch milliseconds). Throws
 * ERR_BAD_EVENT for a timestamp that is not a whole number. 1 ns per event without headers.
 */
export function timestampKeys(batch: EventBatch, now: number): SequenceKeys {
  const keys = new BigInt64Array(batch.length).fill(BigInt(now))
  if (batch.headers.empty) return keys
  const words = new Int32Array(keys.buffer)
  for (let i = 0; i < batch.length; i++) {
    const text = batch.header(i, 'timestamp')
    if (text === undefined) continue
    const short = shortNumber(text)
    if (short < 0) {
      keys[i] = longOf(text)
      continue
    }
    words[2 * i + UPPER_WORD] = short / 2 ** 32
    words[2 * i + 1 - UPPER_WORD] = short | 0
  }
  return keys
}

/** Value of a text of 1 to 15 ASCII digits, else -1. */
function shortNumber(text: string): number {
  if (text.length === 0 || text.length > 15) return -1
  let value = 0
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value
}

function longOf(text: string): bigint {
  const value = text === text.trim() ? parseJavaLong(text) : undefined
  if (value === undefined) {
    throw new AgentError('ERR_BAD_EVENT', 'The header timestamp of an event is not a whole number.', {
      timestamp: text
    })
  }
  return value
}
