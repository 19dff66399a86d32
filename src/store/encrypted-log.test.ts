import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { BatchBuilder } from '../core/batch-builder.ts'
import { FakeClock } from '../testing/fake-clock.ts'
import { FakeLog } from '../testing/fake-log.ts'
import { SimulatedDisk } from '../testing/simulated-disk.ts'
import { DurableLog } from './durable-log.ts'
import { readPutFrame, writePutFrame } from './frame-codec.ts'
import { closeFrame, FLAG_ENCRYPTED, FRAME_HEADER_BYTES, frameSeed, readFrameHeader } from './frame.ts'
import { encodeHeaders } from './header-columns.ts'
import { newStaging } from './put-codec.ts'
import { DATA_START, decodeSegmentHeader } from './segment-header.ts'
import { createFrameCipher, keyIdOf, type FrameCipher, type NamedKey } from './frame-cipher.ts'

const FOLDER = '/data'
const PUTS = 40
/** The seal stands in the first half of the last block, the header in the second. */
const HALF_BLOCK = 2048
const oldKey: NamedKey = { name: 'old', bytes: Buffer.alloc(16, 1) }
const newKey: NamedKey = { name: 'new', bytes: Buffer.alloc(32, 2) }
const EVENTS = Array.from({ length: PUTS }, (_, i) => `secret body ${i}`)

test('nothing of bodies and headers is on the disk, compressed or not, and all comes back', async () => {
  for (const codec of [undefined, 'zstd', 'lz4'] as const) {
    const disk = newDisk()
    await fill(disk, createFrameCipher(newKey), codec)

    const bytes = Buffer.concat([...(await contents(disk)).values()]).toString('latin1')
    const found = await drain(disk, createFrameCipher(newKey))

    assert.doesNotMatch(bytes, /secret|hidden/)
    assert.deepEqual(found, EVENTS)
  }
})

test('what an old key sealed is read after a change of keys, plain data too', async () => {
  const disk = newDisk()
  await fill(disk, undefined)
  await fill(disk, createFrameCipher(oldKey))
  await fill(disk, createFrameCipher(newKey, [oldKey]))

  const found = await drain(disk, createFrameCipher(newKey, [oldKey]))

  assert.deepEqual(found, [...EVENTS, ...EVENTS, ...EVENTS])
})

test('a log whose key is missing does not open, says which, and stays as it is', async () => {
  const disk = newDisk()
  await fill(disk, createFrameCipher(oldKey))
  const before = await digests(disk)

  for (const cipher of [undefined, createFrameCipher(newKey), createFrameCipher(undefined, [newKey])]) {
    await assert.rejects(
      openLog(disk, cipher),
      (error: Error & { code?: string; facts?: { keyId?: string } }) => {
        return error.code === 'ERR_CHANNEL' && error.facts?.keyId === keyIdOf(oldKey)
      }
    )
  }

  assert.deepEqual(await digests(disk), before)
  assert.deepEqual(await drain(disk, createFrameCipher(newKey, [oldKey])), EVENTS)
})

test('encryption can end: old data is read, new data is plain', async () => {
  const disk = newDisk()
  await fill(disk, createFrameCipher(oldKey))
  await fill(disk, createFrameCipher(undefined, [oldKey]))

  const bytes = Buffer.concat([...(await contents(disk)).values()]).toString('latin1')

  assert.match(bytes, /secret body 39/)
  assert.deepEqual(await drain(disk, createFrameCipher(undefined, [oldKey])), [...EVENTS, ...EVENTS])
})

for (const ends of ['begin', 'end'] as const) {
  test(`encrypted segments that have lost the header at their ${ends} lose nothing, after a stop or a kill`, async () => {
    for (const ending of ['stop', 'kill'] as const) {
      const cipher = createFrameCipher(newKey)
      const stopped = newDisk()
      const first = await openLog(stopped, cipher)
      await putAll(first)
      if (ending === 'stop') await first.close()
      const disk = ending === 'stop' ? stopped : stopped.crash()
      await spoilHeaders(disk, () => true, ends)

      const log = await openLog(disk, cipher)
      const found = await takeAll(log)
      await log.close()

      assert.deepEqual([found, log.recovery.skipped], [EVENTS, []], ending)
    }
  })
}

test('a segment whose salt is lost costs its own events, says so, and is no reason not to start', async () => {
  const disk = newDisk()
  await fill(disk, createFrameCipher(newKey))
  await spoilHeaders(disk, index => index === 0)
  const log = await openLog(disk, createFrameCipher(newKey))
  const held = log.size

  const found = await takeAll(log)

  assert.equal(held, EVENTS.length)
  assert.deepEqual(found, found.length === 0 ? [] : EVENTS.slice(-found.length))
  assert.equal(log.stats().skippedEvents, EVENTS.length - found.length)
  assert.ok(found.length < EVENTS.length)
  await log.close()
})

test('segments of which nothing can be read are set aside and reported, encrypted or not', async () => {
  for (const cipher of [undefined, createFrameCipher(newKey)]) {
    const disk = newDisk()
    await fill(disk, cipher)
    await spoilHeaders(disk, () => true)
    for (const record of ['last-stop', 'log-folders']) disk.uproot(`${FOLDER}/${record}`)

    const log = await openLog(disk, cipher)
    await log.close()

    const aside = await disk.list(`${FOLDER}/quarantine`)
    const reported = log.recovery.skipped.map(({ file }) => `${file.slice(FOLDER.length + 1)}-whole`)
    assert.ok(aside.length > 0)
    assert.deepEqual(aside.sort(), reported.sort())
  }
})

test('after a stop, plain segments do without their headers, and encrypted ones say exactly what is lost', async () => {
  for (const cipher of [undefined, createFrameCipher(newKey)]) {
    const disk = newDisk()
    await fill(disk, cipher)
    await spoilHeaders(disk, () => true)

    const log = await openLog(disk, cipher)
    const found: string[] = []
    for (let lease = await log.take(7); lease !== undefined; lease = await log.take(7))
      for (const { text } of lease.batch) found.push(text)
    const lost = log.skippedEvents
    await log.close()

    assert.deepEqual([found, lost], cipher === undefined ? [EVENTS, 0] : [[], EVENTS.length])
  }
})

test('a changed record is not given out, though its checksums fit; the others are', async () => {
  const changes: ((bytes: Buffer, at: number) => void)[] = [
    (bytes, at) => bytes.writeUInt8(bytes.readUInt8(at + FRAME_HEADER_BYTES) ^ 1, at + FRAME_HEADER_BYTES),
    (bytes, at) => bytes.writeUInt32LE(bytes.readUInt32LE(at + 52) + 1, at + 52),
    (bytes, at) => bytes.writeUInt8(bytes.readUInt8(at + 3) & ~FLAG_ENCRYPTED, at + 3)
  ]
  for (const change of changes) {
    const disk = newDisk()
    await fill(disk, createFrameCipher(newKey))
    await forge(disk, change)

    const found = await drain(disk, createFrameCipher(newKey))

    assert.deepEqual(found, EVENTS.slice(1))
  }
})

test('a frame in the clear does not count in a segment with a key', () => {
  const seed = frameSeed(Buffer.alloc(16), 1)
  const staging = newStaging(4096)
  const batch = new BatchBuilder(10).add('forged').build()
  const place = { staging, at: 0, position: DATA_START, before: 0, durable: 0, seconds: 0 }
  const part = { batch, from: 0, to: 1, headers: encodeHeaders(batch.headers, 0, 1) }
  const numbers = { firstEvent: 0, part: 0, parts: 1, earlierEvents: 0, codec: undefined }
  writePutFrame({ id: 1, seed, cipher: undefined }, place, part, numbers)
  const header = readFrameHeader(staging.bytes, 0, { segmentId: 1, seed, position: DATA_START })
  assert.ok(header)
  const payload = staging.bytes.subarray(FRAME_HEADER_BYTES, FRAME_HEADER_BYTES + header.length)
  const identity = {
    keyId: keyIdOf(newKey),
    salt: Buffer.alloc(32),
    channelId: Buffer.alloc(16),
    segmentId: 1
  }
  const cipher = createFrameCipher(newKey).forSegment(identity)

  assert.equal(
    readPutFrame({ id: 1, seed, cipher: undefined }, header, staging.bytes, payload).text(0),
    'forged'
  )
  assert.throws(() => readPutFrame({ id: 1, seed, cipher }, header, staging.bytes, payload), {
    code: 'ERR_FORMAT'
  })
})

function newDisk(): SimulatedDisk {
  return new SimulatedDisk({ seed: 1, folders: [FOLDER], automatic: true })
}

function openLog(
  disk: SimulatedDisk,
  cipher: FrameCipher | undefined,
  codec?: 'zstd' | 'lz4'
): Promise<DurableLog> {
  return DurableLog.open({
    name: 'c1',
    folders: [FOLDER],
    disk,
    clock: new FakeClock(),
    log: new FakeLog(),
    capacity: 1_000_000,
    transactionCapacity: 10_000,
    keepAliveMs: 3000,
    memoryBytes: 2 ** 20,
    minimumFreeBytes: 0,
    segmentBytes: 2 ** 16,
    stagingBytes: 2 ** 14,
    ...(cipher === undefined ? {} : { cipher }),
    ...(codec === undefined ? {} : { codec })
  })
}

async function fill(
  disk: SimulatedDisk,
  cipher: FrameCipher | undefined,
  codec?: 'zstd' | 'lz4'
): Promise<void> {
  const log = await openLog(disk, cipher, codec)
  await putAll(log)
  await log.close()
}

async function putAll(log: DurableLog): Promise<void> {
  for (const event of EVENTS) {
    const batch = new BatchBuilder(100).add(event, { name: 'hidden', padding: 'hidden'.repeat(50) }).build()
    await log.put(batch, new AbortController().signal)
  }
}

async function drain(disk: SimulatedDisk, cipher: FrameCipher | undefined): Promise<string[]> {
  const log = await openLog(disk, cipher)
  const found = await takeAll(log)
  await log.close()
  return found
}

async function takeAll(log: DurableLog): Promise<string[]> {
  const found: string[] = []
  while (log.size > 0) {
    await using lease = await log.take(7)
    if (lease === undefined) continue
    for (const event of lease.batch) found.push(event.text)
    await lease.commit()
  }
  return found
}

/** Overwrites the header of segments, the oldest first: at both ends of the file, or only at its begin. */
async function spoilHeaders(
  disk: SimulatedDisk,
  which: (index: number) => boolean,
  ends: 'both' | 'begin' | 'end' = 'both'
): Promise<void> {
  const segments = [...(await contents(disk)).keys()].filter(path => path.includes('/seg-'))
  for (const path of segments.filter((_, index) => which(index))) {
    const file = await disk.open(path, { create: false, synced: true })
    if (ends !== 'end') await file.write(Buffer.alloc(DATA_START, 0xff), 0)
    if (ends !== 'begin') await file.write(Buffer.alloc(HALF_BLOCK), (await file.size()) - HALF_BLOCK)
    await file.close()
  }
}

/** Changes the first frame of a put and makes its checksums fit. */
async function forge(disk: SimulatedDisk, change: (bytes: Buffer, at: number) => void): Promise<void> {
  for (const [path, bytes] of await contents(disk)) {
    const header = path.includes('/seg-') ? decodeSegmentHeader(bytes) : undefined
    if (header === undefined) continue
    const seed = frameSeed(header.channelId, header.id)
    for (let position = DATA_START; position < bytes.length - FRAME_HEADER_BYTES; position += 8) {
      const frame = readFrameHeader(bytes, position, { segmentId: header.id, seed, position })
      if (frame?.kind !== 'put') continue
      change(bytes, position)
      closeFrame(bytes, position, frame.length, seed)
      const file = await disk.open(path, { create: false, synced: true })
      for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at), at)
      await file.close()
      return
    }
  }
  assert.fail('There is no frame of a put.')
}

async function contents(disk: SimulatedDisk): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>()
  for (const name of (await disk.list(FOLDER)).sort()) {
    const path = `${FOLDER}/${name}`
    if (name === 'quarantine') continue
    const file = await disk.open(path, { create: false, synced: false })
    const bytes = Buffer.alloc(await file.size())
    for (let at = 0; at < bytes.length;) at += await file.read(bytes.subarray(at), at)
    await file.close()
    files.set(path, bytes)
  }
  return files
}

async function digests(disk: SimulatedDisk): Promise<[string, string][]> {
  return [...(await contents(disk))].map(([path, bytes]) => [
    path,
    createHash('sha256').update(bytes).digest('hex')
  ])
}
