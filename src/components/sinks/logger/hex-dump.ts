import type { EventBatch } from '../../../core/batch.ts'

const COLUMNS = 16
const HEX = Array.from({ length: 256 }, (_, byte) => `${byte.toString(16).toUpperCase().padStart(2, '0')} `)

/**
 * One event as Flume's logger sink prints it: headers, and up to `maxBytes` of the body as rows of
 * `offset  16 hex columns  printable characters`, the first row without its offset.
 * Source: org.apache.flume.event.EventHelper and org.apache.commons.io.HexDump.
 */
export function dumpEvent(batch: EventBatch, index: number, maxBytes: number): string {
  const headers = batch.headers
    .pairs(index)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ')
  const start = batch.starts[index] ?? 0
  const end = Math.min(batch.ends[index] ?? 0, start + maxBytes)
  const rows: string[] = []
  for (let at = start; at < end; at += COLUMNS) {
    const offset = at === start ? '' : (at - start).toString(16).toUpperCase().padStart(8, '0')
    rows.push(`${offset} ${dumpRow(batch.slab, at, Math.min(at + COLUMNS, end))}`)
  }
  return `Event: { headers:{${headers}} body:${rows.length === 0 ? '' : rows.join('\n')} }`
}

function dumpRow(bytes: Buffer, from: number, to: number): string {
  let hex = ''
  let characters = ''
  for (let at = from; at < to; at++) {
    const byte = bytes[at] ?? 0
    hex += HEX[byte]
    characters += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.'
  }
  return hex.padEnd(COLUMNS * 3) + characters
}
