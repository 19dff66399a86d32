// AssemblyScript, compiled by scripts/wasm.ts to newline-scan.wasm.ts. Memory: 64 KiB of input at 0, then 65,536
// u32 starts, then 65,536 u32 ends; nothing else, so neither runtime nor stack is needed.

const STARTS: usize = 0x10000
const ENDS: usize = 0x50000

let longest: u32 = 0

/** Length in bytes of the longest line of the last scan. */
export function longestLine (): u32 { return longest }

/**
 * Finds every LF in the first `length` bytes of the input, which stand for the bytes from `base` on. `start` is where
 * the first line began. Returns how many lines ended.
 */
export function scan (length: u32, base: u32, start: u32): u32 {
  const newline = i8x16.splat(10)
  let count: u32 = 0
  let from = start
  longest = 0
  for (let at: u32 = 0; at < length; at += 16) {
    let mask = <u32>i8x16.bitmask(i8x16.eq(v128.load(<usize>at), newline))
    if (length - at < 16) mask &= (1 << (length - at)) - 1
    while (mask != 0) {
      const end = base + at + ctz(mask)
      store<u32>(STARTS + <usize>(count << 2), from)
      store<u32>(ENDS + <usize>(count << 2), end)
      const size = end - from
      if (size > longest) longest = size
      from = end + 1
      count++
      mask &= mask - 1
    }
  }
  return count
}
