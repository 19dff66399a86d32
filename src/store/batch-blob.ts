import { EventBatch } from '../core/batch.ts'
import { AgentError } from '../core/errors.ts'
import { EventHeaders, NO_HEADERS, SharedHeaders, type HeaderPairs, type Headers } from '../core/headers.ts'
import { allocateSlab } from '../core/slab.ts'

const HEAD_BYTES = 12

/**
 * Events as a row of a database or a part of a file holds them; little-endian, a format of our own.
 *   u32 events   u32 bytes of headers (0: no event has any)   u32 bytes of bodies
 *   u32 × events   where each body ends, from the first body on
 *   headers        UTF-8 JSON [rows, numbers]: rows are lists of name, value, name, …; numbers say which row an event
 *                  has, or are absent where all have the only one
 *   bodies         back to back
 */
export function encodeBatch(batch: EventBatch): Buffer<ArrayBuffer> {
  const { length } = batch
  const headers = encodeHeaders(batch.headers, length)
  const bodies = HEAD_BYTES + 4 * length + headers.length
  const blob = Buffer.allocUnsafeSlow(bodies + batch.bodyBytes)
  blob.writeUInt32LE(length, 0)
  blob.writeUInt32LE(headers.length, 4)
  blob.writeUInt32LE(batch.bodyBytes, 8)
  let at = bodies
  for (let i = 0; i < length; i++) {
    at = batch.copyTo(i, blob, at)
    blob.writeUInt32LE(at - bodies, HEAD_BYTES + 4 * i)
  }
  headers.copy(blob, HEAD_BYTES + 4 * length)
  return blob
}

/** The events of encodeBatch; throws ERR_FORMAT for anything else. Bodies stay where they are: 5 ns per event. */
export function decodeBatch(blob: Buffer): EventBatch {
  const damaged = (): never => {
    throw new AgentError('ERR_FORMAT', 'Stored events do not follow their format.', { bytes: blob.length })
  }
  if (blob.length < HEAD_BYTES) return damaged()
  const events = blob.readUInt32LE(0)
  const headerBytes = blob.readUInt32LE(4)
  const bodies = HEAD_BYTES + 4 * events + headerBytes
  if (bodies + blob.readUInt32LE(8) !== blob.length) return damaged()
  const starts = new Uint32Array(events)
  const ends = new Uint32Array(events)
  let at = bodies
  for (let i = 0; i < events; i++) {
    starts[i] = at
    const end = bodies + blob.readUInt32LE(HEAD_BYTES + 4 * i)
    if (end < at || end > blob.length) return damaged()
    ends[i] = at = end
  }
  if (headerBytes === 0) return new EventBatch(blob, starts, ends)
  const headers = decodeHeaders(blob.toString('utf8', bodies - headerBytes, bodies), events)
  return headers === undefined ? damaged() : new EventBatch(blob, starts, ends, headers)
}

function encodeHeaders(headers: Headers, events: number): Buffer {
  if (headers.empty) return allocateSlab(0)
  const rows: string[][] = []
  const numbers: number[] = []
  let last: HeaderPairs | undefined
  for (let i = 0; i < events; i++) {
    const pairs = headers.pairs(i)
    if (pairs !== last) rows.push(pairs.flat())
    last = pairs
    numbers.push(rows.length - 1)
  }
  return Buffer.from(JSON.stringify(rows.length === 1 ? [rows] : [rows, numbers]))
}

function decodeHeaders(json: string, events: number): Headers | undefined {
  const parsed = parseJson(json)
  if (!Array.isArray(parsed) || !Array.isArray(parsed[0])) return undefined
  const rows = parsed[0].map(pairsOf)
  const [only] = rows
  if (only === undefined || rows.includes(undefined)) return undefined
  if (parsed.length === 1) return only.length === 0 ? NO_HEADERS : new SharedHeaders(only)
  const numbers: unknown = parsed[1]
  if (!Array.isArray(numbers) || numbers.length !== events) return undefined
  const chosen = numbers.map((number: unknown) => (typeof number === 'number' ? rows[number] : undefined))
  return chosen.includes(undefined) ? undefined : new EventHeaders(chosen.map(pairs => pairs ?? []))
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

function pairsOf(row: unknown): HeaderPairs | undefined {
  if (!Array.isArray(row) || row.length % 2 !== 0) return undefined
  const pairs: [string, string][] = []
  for (let i = 0; i < row.length; i += 2) {
    const [name, value]: unknown[] = [row[i], row[i + 1]]
    if (typeof name !== 'string' || typeof value !== 'string') return undefined
    pairs.push([name, value])
  }
  return pairs
}
