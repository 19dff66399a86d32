const TABLE = new Int32Array(256).map((_, byte) => {
  let crc = byte << 24
  for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc < 0 ? 0x04c11db7 : 0)
  return crc
})

/** CRC-32 as bzip2 counts it, most significant bit first, of `bytes` behind what gave `crc` (starts as -1). */
export function updateChecksum(crc: number, bytes: Uint8Array, from: number, to: number): number {
  let sum = crc
  for (let i = from; i < to; i++) sum = (sum << 8) ^ TABLE[(sum >>> 24) ^ bytes[i]!]!
  return sum
}

/** The checksum of a stream that goes on with a block of checksum `block`. */
export function combineChecksum(stream: number, block: number): number {
  return ((stream << 1) | (stream >>> 31)) ^ block
}
