import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { BatchBuilder } from '../core/batch-builder.ts'
import { EventBatch } from '../core/batch.ts'
import { AgentError } from '../core/errors.ts'
import { createFrameCipher } from './frame-cipher.ts'
import {
  type FrameContext,
  putFrameBytes,
  readPutFrame,
  readRangesFrame,
  writePutFrame,
  writeRangesFrame
} from './frame-codec.ts'
import { type Epoch, NO_EPOCH, NO_LINEAGE } from './epoch.ts'
import { FRAME_HEADER_BYTES, frameSeed, payloadIsIntact, readFrameHeader } from './frame.ts'
import { encodeHeaders } from './header-columns.ts'
import { newStaging } from './put-codec.ts'
import { decodeSegmentHeader, encodeSegmentHeader, firstBlocks } from './segment-header.ts'

const channelId = Buffer.alloc(16, 7)
const seed = frameSeed(channelId, 5)
const cipher = createFrameCipher({ name: 'k', bytes: Buffer.alloc(32, 1) })

function context(encrypted: boolean): FrameContext {
  const identity = { keyId: cipher.keyId ?? '', salt: cipher.newSalt(), channelId, segmentId: 5 }
  return { id: 5, seed, cipher: encrypted ? cipher.forSegment(identity) : undefined }
}

const text = fc.string({ unit: 'binary', maxLength: 12 })
const pairs = fc.uniqueArray(fc.tuple(text, text), { selector: ([name]) => name, maxLength: 4 })
const event = fc.record({ body: fc.uint8Array({ maxLength: 40 }), headers: fc.option(pairs) })
const codec = fc.constantFrom(undefined, 'zstd' as const, 'lz4' as const)

function batchFrom(events: readonly { body: Uint8Array; headers: [string, string][] | null }[]): EventBatch {
  const builder = new BatchBuilder()
  for (const { body, headers } of events) builder.add(body, headers ?? undefined)
  return builder.build()
}

function write(
  frames: FrameContext,
  batch: EventBatch,
  from: number,
  codecName: 'zstd' | 'lz4' | undefined
): Buffer {
  const part = { batch, from, to: batch.length, headers: encodeHeaders(batch.headers, from, batch.length) }
  const staging = newStaging(Math.ceil(putFrameBytes(part) / 8) * 8)
  const place = { staging, at: 0, position: 8192, before: 0, durable: 8192, seconds: 1 }
  const end = writePutFrame(frames, place, part, {
    firstEvent: 2 ** 40,
    part: 0,
    parts: 1,
    earlierEvents: from,
    codec: codecName
  })
  return staging.bytes.subarray(0, end)
}

function read(frames: FrameContext, bytes: Buffer): EventBatch | undefined {
  const frame = readFrameHeader(bytes, 0, { segmentId: 5, seed, position: 8192 })
  if (frame === undefined) return undefined
  const payload = bytes.subarray(FRAME_HEADER_BYTES, FRAME_HEADER_BYTES + frame.length)
  return payloadIsIntact(frame, payload, seed)
    ? readPutFrame(frames, frame, bytes.subarray(0, FRAME_HEADER_BYTES), payload)
    : undefined
}

function shown(batch: EventBatch | undefined): unknown {
  return batch && [...batch].map(({ body, headers }) => [body.toString('hex'), headers])
}

test('what is read from a put frame is what was written, in every form', () => {
  fc.assert(
    fc.property(
      fc.array(event, { minLength: 1, maxLength: 12 }),
      fc.nat(11),
      fc.boolean(),
      codec,
      (events, skip, encrypted, name) => {
        const batch = batchFrom(events)
        const from = skip % batch.length
        const frames = context(encrypted)

        assert.deepEqual(shown(read(frames, write(frames, batch, from, name))), shown(batch.slice(from)))
      }
    )
  )
})

test('lines keep the byte between them, so that they leave as one range', () => {
  const slab = Buffer.from('one\ntwo\nthree\n')
  const lines = new EventBatch(slab, Uint32Array.of(0, 4, 8), Uint32Array.of(3, 7, 13))
  const frames = context(false)

  const found = read(frames, write(frames, lines, 0, undefined))

  assert.deepEqual(
    [...(found ?? [])].map(line => line.text),
    ['one', 'two', 'three']
  )
  assert.ok(found?.isSeparatedBy(10))
})

test('events in any order of one slab come out in theirs', () => {
  const slab = Buffer.from('abcdef')
  const batch = new EventBatch(slab, Uint32Array.of(4, 0, 1), Uint32Array.of(6, 1, 4))
  const frames = context(false)

  assert.deepEqual(
    [...(read(frames, write(frames, batch, 0, undefined)) ?? [])].map(one => one.text),
    ['ef', 'a', 'bcd']
  )
})

test('one changed byte anywhere makes a frame unreadable, and nothing worse', () => {
  fc.assert(
    fc.property(
      fc.array(event, { minLength: 1, maxLength: 5 }),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      fc.boolean(),
      (events, where, change, encrypted) => {
        const frames = context(encrypted)
        const bytes = Buffer.from(write(frames, batchFrom(events), 0, undefined))
        const length = FRAME_HEADER_BYTES + bytes.readUInt32LE(4)
        const at = where % length
        bytes[at] = (bytes[at] ?? 0) ^ change

        assert.equal(read(frames, bytes), undefined)
      }
    )
  )
})

test('garbage in a payload is refused with ERR_FORMAT', () => {
  const numbers = fc.record({
    events: fc.nat(40),
    headerBytes: fc.nat(80),
    bodyBytes: fc.nat(80),
    flags: fc.nat(15)
  })
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), numbers, (bytes, given) => {
      const payload = Buffer.from(Uint8Array.from(bytes).buffer)
      const frame = {
        kind: 'put' as const,
        length: payload.length,
        segmentId: 5,
        position: 8192,
        firstEvent: 0,
        before: 0,
        durable: 0,
        part: 0,
        parts: 1,
        earlierEvents: 0,
        seconds: 0,
        payloadCrc: 0,
        ...given
      }
      try {
        const batch = readPutFrame(context(false), frame, Buffer.alloc(FRAME_HEADER_BYTES), payload)
        for (const one of batch) assert.ok(one.body.length <= payload.length && Array.isArray(one.headers))
      } catch (error) {
        assert.ok(error instanceof AgentError && error.code === 'ERR_FORMAT', String(error))
      }
    }),
    { numRuns: 1000 }
  )
})

test('ranges are read as written', () => {
  const ranges = [
    { first: 0, end: 2 ** 45 },
    { first: 2 ** 45 + 3, end: 2 ** 45 + 4 }
  ]
  const givenUp = [{ first: 7, end: 9 }]
  const frames = context(true)
  const staging = newStaging(4096)
  const end = writeRangesFrame(
    frames,
    { staging, at: 0, position: 8192, before: 0, durable: 0, seconds: 0 },
    'take',
    { ranges, givenUp, nextEvent: 9 }
  )
  const frame = readFrameHeader(staging.bytes, 0, { segmentId: 5, seed, position: 8192 })

  assert.ok(frame !== undefined && end < 4096)
  assert.deepEqual(
    readRangesFrame(
      frames,
      frame,
      staging.bytes.subarray(0, FRAME_HEADER_BYTES),
      staging.bytes.subarray(FRAME_HEADER_BYTES, FRAME_HEADER_BYTES + frame.length)
    ),
    { ranges, givenUp }
  )
})

const plainHeader = {
  id: 5,
  size: 65536,
  channelId,
  keyId: 'ab'.repeat(16),
  salt: Buffer.alloc(32, 3),
  created: 1_700_000_000_000
}
const newest: Epoch = { number: 3, tag: '0123456789abcdef', firstId: 9, firstEvent: 2 ** 40 }

for (const lineage of [
  NO_LINEAGE,
  [NO_EPOCH, { ...newest, number: 2, tag: 'f'.repeat(16) }, newest] as const
]) {
  test(`a header of ${lineage.length} epochs survives the loss of one of its copies`, () => {
    const header = { ...plainHeader, lineage }
    const bytes = firstBlocks(encodeSegmentHeader(header))
    const first = Buffer.from(bytes).fill(0, 0, 4096)
    const second = Buffer.from(bytes).fill(0xff, 4096)

    assert.deepEqual(
      [decodeSegmentHeader(first), decodeSegmentHeader(second), decodeSegmentHeader(bytes.subarray(0, 100))],
      [header, header, undefined]
    )
  })
}

test('of very many epochs a header names the newest', () => {
  const many = Array.from({ length: 1000 }, (_, i) => ({ ...newest, number: i + 1 }))
  const bytes = encodeSegmentHeader({ ...plainHeader, lineage: [...many, { ...newest, number: 1001 }] })

  const numbers = decodeSegmentHeader(bytes)?.lineage.map(({ number }) => number) ?? []

  assert.deepEqual([numbers.length > 50, numbers.at(-1)], [true, 1001])
})

test('a header of a later release is refused with what helps', () => {
  const bytes = encodeSegmentHeader({ ...plainHeader, lineage: [newest] })
  bytes.writeUInt16LE(3, 6)
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 108)), 108)

  assert.throws(() => decodeSegmentHeader(bytes), {
    code: 'ERR_UNSUPPORTED',
    message: /later release.*format 3; this release reads formats up to 2/
  })
})
