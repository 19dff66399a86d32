/*
 * Hadoop's variable-length integers. Source: org.apache.hadoop.io.WritableUtils.writeVLong. -112 … 127 are one
 * byte. Else the first byte is -112 - n for positive, -120 - n for negative numbers (of which the complement is
 * stored), where n is the count of the bytes that follow, big-endian.
 */

/** Bytes that `value` takes as a vint; 0 ≤ value < 2^32. */
export function vintSize(value: number): number {
  return value <= 127 ? 1 : value <= 0xff ? 2 : value <= 0xffff ? 3 : value <= 0xffffff ? 4 : 5
}

/** Writes `value` (0 ≤ value < 2^32) as a vint; returns the position behind it. */
export function writeVint(value: number, out: Buffer, at: number): number {
  if (value <= 127) {
    out[at] = value
    return at + 1
  }
  const bytes = vintSize(value) - 1
  out[at] = -112 - bytes
  return out.writeUIntBE(value, at + 1, bytes)
}

/** Bytes of the vint that starts with `first`, that byte included. */
export function vintLength(first: number): number {
  const signed = (first << 24) >> 24
  return signed >= -112 ? 1 : signed < -120 ? -119 - signed : -111 - signed
}

/** Value of the vint at `at`, all its bytes present; NaN where a negative or over-long one stands. */
export function readVint(bytes: Buffer, at: number): number {
  const first = (bytes[at]! << 24) >> 24
  if (first >= -112) return first < 0 ? NaN : first
  const length = -112 - first
  return first < -120 || length > 6 ? NaN : bytes.readUIntBE(at + 1, length)
}

/** Content of a serialized BytesWritable or Text; undefined for other classes and for damaged bytes. */
export function writableBytes(className: string, bytes: Buffer): Buffer | undefined {
  switch (className) {
    case 'org.apache.hadoop.io.BytesWritable':
      return bytes.length >= 4 && bytes.readUInt32BE() === bytes.length - 4 ? bytes.subarray(4) : undefined
    case 'org.apache.hadoop.io.Text': {
      const start = bytes.length === 0 ? Infinity : vintLength(bytes[0]!)
      return start <= bytes.length && readVint(bytes, 0) === bytes.length - start
        ? bytes.subarray(start)
        : undefined
    }
    default:
      return undefined
  }
}

/** A serialized key or value as Hadoop's `fs -text` prints it; hexadecimal bytes for classes it does not know. */
export function writableText(className: string, bytes: Buffer): string {
  if (className === 'org.apache.hadoop.io.NullWritable') return '(null)'
  if (className === 'org.apache.hadoop.io.LongWritable' && bytes.length === 8)
    return String(bytes.readBigInt64BE())
  if (className === 'org.apache.hadoop.io.IntWritable' && bytes.length === 4)
    return String(bytes.readInt32BE())
  const content = writableBytes(className, bytes)
  if (className === 'org.apache.hadoop.io.Text' && content !== undefined) return content.toString()
  return (content ?? bytes).toString('hex').replace(/..(?=.)/g, '$& ')
}
