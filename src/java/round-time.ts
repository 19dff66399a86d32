import { AgentError } from '../core/errors.ts'
import type { TimeZone } from './time-zone.ts'

/** Down to a multiple of so many seconds, minutes or hours of the day, in local time. */
export interface Rounding {
  readonly unit: 'second' | 'minute' | 'hour'
  readonly value: number
}

const UNITS = {
  second: { unitMs: 1000, cycleMs: 60_000, most: 60, refusal: 'RoundDownSec must be > 0 and <=60' },
  minute: { unitMs: 60_000, cycleMs: 3_600_000, most: 60, refusal: 'RoundDown must be > 0 and <=60' },
  hour: { unitMs: 3_600_000, cycleMs: 86_400_000, most: 24, refusal: 'RoundDown must be > 0 and <=24' }
}

/**
 * Compiles a rounding to a function from instant to instant. A value below 1 counts as 1; one above the unit's cycle
 * throws ERR_CONFIG; the function throws ERR_BAD_EVENT for instants that are not after 1970.
 */
export function roundDown(rounding: Rounding, zone: TimeZone): (epochMs: number) => number {
  const { unitMs, cycleMs, most, refusal } = UNITS[rounding.unit]
  if (rounding.value > most) throw new AgentError('ERR_CONFIG', refusal, { value: rounding.value })
  const stepMs = unitMs * Math.max(1, rounding.value)
  return epochMs => {
    if (!(epochMs > 0))
      throw new AgentError('ERR_BAD_EVENT', 'Timestamp must be positive', { timestamp: epochMs })
    const local = epochMs + zone.offset(epochMs)
    const cycle = Math.floor(local / cycleMs) * cycleMs
    return instantOf(cycle + Math.floor((local - cycle) / stepMs) * stepMs, zone)
  }
}

const DAY_MS = 86_400_000

/** The instant of a local time as java.util.Calendar decides: the second of two, the old offset where there is none. */
function instantOf(localMs: number, zone: TimeZone): number {
  const before = zone.offset(localMs - DAY_MS)
  const after = zone.offset(localMs + DAY_MS)
  if (before === after) return localMs - after
  return localMs - (zone.offset(localMs - after) === after ? after : before)
}
