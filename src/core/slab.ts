import { getHeapStatistics } from 'node:v8'

const MIB = 1024 * 1024

/** Young garbage is collected once this many bytes of slabs have been made. */
const COLLECT_AFTER_BYTES = 16 * MIB
/** What each piece of memory outside of the heap costs beside its bytes. */
const OVERHEAD_BYTES = 256
/** Old garbage is collected once the heap and what it holds outside take this much, and half as much again as they need. */
const LEAST_BYTES = 48 * MIB
const GROWTH = 1.5

type CollectGarbage = (options: { readonly type: 'minor' | 'major' }) => void

let made = 0
let collectAllAt = LEAST_BYTES

/**
 * Memory for a slab, not cleared. Slabs live outside of V8's heap, where their number alone starts no collection: at
 * 400 MB/s some 300 MB of dead ones pile up before a long one runs. So a short collection of young objects (0.3 ms)
 * is asked for every 16 MiB, where Node was started with --expose-gc, as our launcher does.
 */
export function allocateSlab(bytes: number): Buffer<ArrayBuffer> {
  countGarbage(bytes, 1)
  return Buffer.allocUnsafeSlow(bytes)
}

/** Counts memory outside of V8's heap, in so many pieces, that lives as long as a slab. */
export function countGarbage(bytes: number, pieces: number): void {
  made += bytes + pieces * OVERHEAD_BYTES
  if (made >= COLLECT_AFTER_BYTES) {
    made = 0
    const collect: unknown = Reflect.get(globalThis, 'gc')
    if (typeof collect === 'function') collectGarbage(collect as CollectGarbage)
  }
}

/**
 * What waits in a channel for longer than two short collections is old by the time that it goes, and V8 lets 150 MB of
 * that pile up where events are tiny and many. A long collection takes some 10 ms.
 */
function collectGarbage(collect: CollectGarbage): void {
  collect({ type: 'minor' })
  if (heldBytes() < collectAllAt) return
  collect({ type: 'major' })
  collectAllAt = Math.max(LEAST_BYTES, heldBytes() * GROWTH)
}

function heldBytes(): number {
  const { used_heap_size: heap, external_memory: outside } = getHeapStatistics()
  return heap + outside
}
