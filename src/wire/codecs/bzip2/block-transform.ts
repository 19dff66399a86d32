import { suffixArray } from './suffix-array.ts'

/**
 * The Burrows-Wheeler transform of a block that is not empty: the last column of its sorted rotations, and the row at
 * which the block itself stands. The suffixes of the least rotation sort as the rotations do, for it is a power
 * of a Lyndon word, so one suffix array does it, in linear time.
 */
export function transformBlock(block: Uint8Array): { column: Uint8Array; original: number } {
  const length = block.length
  const least = leastRotation(block)
  const rotated = new Uint8Array(length)
  rotated.set(block.subarray(least))
  rotated.set(block.subarray(0, least), length - least)
  const order = suffixArray(rotated, 255)
  const column = new Uint8Array(length)
  const start = (length - least) % length
  let original = 0
  for (let row = 0; row < length; row++) {
    const from = order[row]!
    column[row] = rotated[from === 0 ? length - 1 : from - 1]!
    if (from === start) original = row
  }
  return { column, original }
}

/** Start of the least rotation, found with two candidates in at most 3n steps. */
function leastRotation(block: Uint8Array): number {
  const length = block.length
  let one = 0
  let other = 1
  let same = 0
  while (one < length && other < length && same < length) {
    const difference = block[(one + same) % length]! - block[(other + same) % length]!
    if (difference === 0) {
      same++
      continue
    }
    if (difference > 0) one += same + 1
    else other += same + 1
    if (one === other) other++
    same = 0
  }
  return Math.min(one, other)
}
