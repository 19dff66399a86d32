import { totalmem } from 'node:os'

const SHARE = 0.5

/** What all memory channels together may hold by default: half of the machine's or the container's memory, in bytes. */
export function defaultMemoryBytes(): number {
  const limits = [process.constrainedMemory(), totalmem()].filter(limit => limit > 0)
  return Math.floor(Math.min(...limits) * SHARE)
}
