import assert from 'node:assert/strict'
import { createDecipheriv, hkdfSync } from 'node:crypto'
import { test } from 'node:test'
import {
  createFrameCipher,
  keyIdOf,
  SEAL_OVERHEAD,
  type FrameCipher,
  type NamedKey,
  type SegmentCipher,
  type SegmentIdentity
} from './frame-cipher.ts'

const HEADER = Buffer.from('header of the frame')
const PLAIN = Buffer.from('three events, back to back')
const CHANNEL = Buffer.alloc(16, 7)
const oldKey = key('key-0', 16, 1)
const newKey = key('key-1', 32, 2)

test('what one cipher sealed another opens that has the same key, salt, channel and segment', () => {
  const cipher = createFrameCipher(newKey)
  const identity = identityOf(cipher)
  const sealed = seal(segment(cipher, identity), 4096)

  const opened = segment(createFrameCipher(oldKey, [newKey]), identity).open(4096, HEADER, sealed)

  assert.deepEqual(opened, PLAIN)
})

test('keys of 128, 192 and 256 bits work, others are refused', () => {
  for (const bytes of [16, 24, 32]) {
    const cipher = segment(createFrameCipher(key('k', bytes, 9)))
    assert.deepEqual(cipher.open(0, HEADER, seal(cipher, 0)), PLAIN)
  }
  for (const bytes of [0, 15, 17, 33, 64]) {
    assert.throws(() => createFrameCipher(key('k', bytes, 9)), { code: 'ERR_CONFIG' })
  }
})

test('the construction is the documented one', () => {
  const cipher = createFrameCipher(oldKey)
  const identity = { ...identityOf(cipher), segmentId: 0xfffffffe }
  const sealed = seal(segment(cipher, identity), 2 ** 40 + 8)

  const info = Buffer.concat([
    Buffer.from('millrace log segment key 1'),
    CHANNEL,
    Buffer.from('fffffffe', 'hex')
  ])
  const segmentKey = Buffer.from(hkdfSync('sha256', oldKey.bytes, identity.salt, info, 32))
  const decipher = createDecipheriv('aes-256-gcm', segmentKey, Buffer.from('fffffffe0000010000000008', 'hex'))
  decipher.setAAD(HEADER).setAuthTag(sealed.subarray(-16))
  assert.deepEqual(Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]), PLAIN)
})

test('every flipped bit of header or sealed bytes, another place, length or segment is noticed', () => {
  const frames = createFrameCipher(newKey)
  const identity = identityOf(frames)
  const cipher = segment(frames, identity)
  const sealed = seal(cipher, 64)

  for (let bit = 0; bit < sealed.length * 8; bit++)
    assert.equal(cipher.open(64, HEADER, flipped(sealed, bit)), undefined)
  for (let bit = 0; bit < HEADER.length * 8; bit++)
    assert.equal(cipher.open(64, flipped(HEADER, bit), sealed), undefined)
  for (let length = 0; length < sealed.length; length++) {
    assert.equal(cipher.open(64, HEADER, sealed.subarray(0, length)), undefined)
  }
  assert.equal(cipher.open(72, HEADER, sealed), undefined)
  const others: Partial<SegmentIdentity>[] = [
    { segmentId: 4 },
    { salt: frames.newSalt() },
    { channelId: Buffer.alloc(16, 8) }
  ]
  for (const other of others)
    assert.equal(segment(frames, { ...identity, ...other }).open(64, HEADER, sealed), undefined)
})

test('a segment whose key is not listed has no cipher', () => {
  const cipher = createFrameCipher(newKey)

  assert.equal(cipher.forSegment({ ...identityOf(cipher), keyId: keyIdOf(oldKey) }), undefined)
})

test('without an active key segments of the others can be opened, and none begun', () => {
  const writing = createFrameCipher(newKey)
  const identity = identityOf(writing)
  const sealed = seal(segment(writing, identity), 64)

  const reading = createFrameCipher(undefined, [newKey])

  assert.equal(reading.keyId, undefined)
  assert.deepEqual(segment(reading, identity).open(64, HEADER, sealed), PLAIN)
})

test('a key is known by its bytes, whatever its alias', () => {
  assert.equal(keyIdOf({ name: 'renamed', bytes: oldKey.bytes }), keyIdOf(oldKey))
  assert.notEqual(keyIdOf(oldKey), keyIdOf(newKey))
  assert.match(keyIdOf(oldKey), /^[0-9a-f]{32}$/)
})

test('a place in a segment is sealed once', () => {
  const cipher = segment(createFrameCipher(newKey))
  seal(cipher, 4096)

  assert.throws(() => seal(cipher, 4096), { code: 'ERR_CHANNEL' })
  assert.throws(() => seal(cipher, 8), { code: 'ERR_CHANNEL' })
  assert.deepEqual(cipher.open(4104, HEADER, seal(cipher, 4104)), PLAIN)
})

test('sealing in place, and an empty payload', () => {
  const cipher = segment(createFrameCipher(newKey))
  const memory = Buffer.alloc(8 + PLAIN.length + SEAL_OVERHEAD)
  PLAIN.copy(memory, 8)

  const length = cipher.seal(0, HEADER, memory.subarray(8, 8 + PLAIN.length), { into: memory, at: 8 })
  const emptyLength = cipher.seal(8, HEADER, Buffer.alloc(0), { into: Buffer.alloc(16), at: 0 })

  assert.equal(length, PLAIN.length + SEAL_OVERHEAD)
  assert.equal(emptyLength, SEAL_OVERHEAD)
  assert.deepEqual(cipher.open(0, HEADER, memory.subarray(8)), PLAIN)
})

test('salts are fresh', () => {
  const cipher = createFrameCipher(newKey)

  assert.notDeepEqual(cipher.newSalt(), cipher.newSalt())
  assert.equal(cipher.newSalt().length, 32)
})

function key(name: string, bytes: number, fill: number): NamedKey {
  return { name, bytes: Buffer.alloc(bytes, fill) }
}

function identityOf(cipher: FrameCipher): SegmentIdentity {
  assert.ok(cipher.keyId)
  return { keyId: cipher.keyId, salt: cipher.newSalt(), channelId: CHANNEL, segmentId: 3 }
}

function segment(cipher: FrameCipher, identity = identityOf(cipher)): SegmentCipher {
  const found = cipher.forSegment(identity)
  assert.ok(found)
  return found
}

function seal(cipher: SegmentCipher, offset: number): Buffer {
  const into = Buffer.alloc(PLAIN.length + SEAL_OVERHEAD)
  cipher.seal(offset, HEADER, PLAIN, { into, at: 0 })
  return into
}

function flipped(bytes: Buffer, bit: number): Buffer {
  const changed = Buffer.from(bytes)
  changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
  return changed
}
