/**
 * Lengths of a Huffman code for symbols with these counts, each 1 … `limit` bits. Counts of zero count as one. Where
 * the best code is too deep, counts are flattened and it is built anew, as bzip2 does.
 */
export function huffmanLengths(counts: Uint32Array, limit: number): Uint8Array {
  const weights = Float64Array.from(counts, count => Math.max(count, 1))
  for (;;) {
    const lengths = treeDepths(weights)
    if (lengths.every(length => length <= limit)) return lengths
    for (let i = 0; i < weights.length; i++) weights[i] = Math.floor(weights[i]! / 2) + 1
  }
}

/** Depths of the leaves of a Huffman tree; two rows in ascending order: leaves, and joined nodes as they arise. */
function treeDepths(weights: Float64Array): Uint8Array {
  const leaves = Array.from(weights.keys()).sort((a, b) => weights[a]! - weights[b]!)
  const count = leaves.length
  const nodes = new Float64Array(2 * count - 1)
  const parents = new Int32Array(2 * count - 1)
  for (let i = 0; i < count; i++) nodes[i] = weights[leaves[i]!]!
  let leaf = 0
  let joined = count
  for (let node = count; node < nodes.length; node++) {
    for (let child = 0; child < 2; child++) {
      const taken = joined >= node || (leaf < count && nodes[leaf]! <= nodes[joined]!) ? leaf++ : joined++
      nodes[node]! += nodes[taken]!
      parents[taken] = node
    }
  }
  const depths = new Int32Array(nodes.length)
  for (let node = nodes.length - 2; node >= 0; node--) depths[node] = depths[parents[node]!]! + 1
  const lengths = new Uint8Array(count)
  for (let i = 0; i < count; i++) lengths[leaves[i]!] = depths[i]!
  return lengths
}
