/** Young garbage is collected once this many bytes of slabs have been made. */
const COLLECT_AFTER_BYTES = 16 * 1024 * 1024

type CollectGarbage = (options: { readonly type: 'minor' }) => void

let made = 0

/**
 * Memory for a slab, not cleared. Slabs live outside of V8's heap, where their number alone starts no collection: at
 * 400 MB/s some 300 MB of dead ones pile up before a long one runs. So a short collection of young objects (0.3 ms)
 * is asked for every 16 MiB, where Node was started with --expose-gc, as our launcher does.
 */
export function allocateSlab(bytes: number): Buffer<ArrayBuffer> {
  made += bytes
  if (made >= COLLECT_AFTER_BYTES) {
    made = 0
    const collect: unknown = Reflect.get(globalThis, 'gc')
    if (typeof collect === 'function') (collect as CollectGarbage)({ type: 'minor' })
  }
  return Buffer.allocUnsafeSlow(bytes)
}
