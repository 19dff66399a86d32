import { hash, pbkdf2Sync } from 'node:crypto'
import { badStore } from './entries.ts'

/** Java's own limit; more only costs time. */
export const MOST_ITERATIONS = 5_000_000

/** Throws ERR_FORMAT for a count that nobody writes. */
export function checkedIterations(count: number): number {
  if (count < 1 || count > MOST_ITERATIONS)
    throw badStore('its iteration count is out of range', { iterations: count, most: MOST_ITERATIONS })
  return count
}

/** A password as Java's JKS and PKCS #12 code sees it: UTF-16, big-endian. */
export function wide(password: string): Buffer {
  return Buffer.from(password, 'utf16le').swap16()
}

/**
 * Key and initialisation vector of Sun's PBEWithMD5AndTripleDES: each half of the salt is hashed `iterations` times
 * together with the password; the four blocks are 24 bytes of key and 8 of vector. Of equal halves the first is turned
 * round before (com.sun.crypto.provider.PBES1Core).
 */
export function sunTripleDesKey(
  password: string,
  salt: Buffer,
  iterations: number
): { key: Buffer; iv: Buffer } {
  if (salt.length !== 8) throw badStore('the salt of a key has the wrong length', { bytes: salt.length })
  const told = toldApart(salt)
  const secret = Buffer.from(password, 'latin1')
  const derived = Buffer.concat(
    [told.subarray(0, 4), told.subarray(4)].map(half => repeated(half, secret, iterations))
  )
  return { key: derived.subarray(0, 24), iv: derived.subarray(24) }
}

function toldApart(salt: Buffer): Buffer {
  const first = salt.subarray(0, 4)
  const second = salt.subarray(4)
  return first.equals(second) ? Buffer.concat([Buffer.from(first).reverse(), second]) : salt
}

function repeated(half: Buffer, secret: Buffer, iterations: number): Buffer {
  const block = Buffer.concat([Buffer.alloc(16), secret])
  let digest = hash('md5', Buffer.concat([half, secret]), 'latin1') // as text: four times as fast as a Buffer each
  for (let i = 1; i < iterations; i++) {
    block.write(digest, 0, 'latin1')
    digest = hash('md5', block, 'latin1')
  }
  return Buffer.from(digest, 'latin1')
}

/** What a key is derived from. */
export interface KeyMaterial {
  readonly password: string
  readonly salt: Buffer
  readonly iterations: number
}

/** Purposes of bytes made by pkcs12Key. */
export const FOR_KEY = 1
export const FOR_IV = 2
export const FOR_MAC = 3

/** Bytes derived as PKCS #12 does it (RFC 7292, appendix B.2). */
export function pkcs12Key(
  digest: string,
  purpose: number,
  { password, salt, iterations }: KeyMaterial,
  bytes: number
): Buffer {
  const block = digest === 'sha384' || digest.startsWith('sha512') ? 128 : 64
  const diversifier = Buffer.alloc(block, purpose)
  const secret = Buffer.concat([wide(password), Buffer.alloc(2)])
  const input = Buffer.concat([filled(salt, block), filled(secret, block)])
  const made: Buffer[] = []
  for (let have = 0; have < bytes;) {
    let digested = hash(digest, Buffer.concat([diversifier, input]), 'latin1')
    for (let i = 1; i < iterations; i++) digested = hash(digest, Buffer.from(digested, 'latin1'), 'latin1')
    const piece = Buffer.from(digested, 'latin1')
    made.push(piece)
    have += piece.length
    addToEach(input, filled(piece, block), block)
  }
  return Buffer.concat(made).subarray(0, bytes)
}

/** `bytes` repeated to the next multiple of `block`. */
function filled(bytes: Buffer, block: number): Buffer {
  return bytes.length === 0 ? bytes : Buffer.alloc(Math.ceil(bytes.length / block) * block, bytes)
}

/** Adds `addend` + 1 to each block of `input`, as big-endian numbers. */
function addToEach(input: Buffer, addend: Buffer, block: number): void {
  for (let start = 0; start < input.length; start += block) {
    let carry = 1
    for (let i = block - 1; i >= 0; i--) {
      carry += input.readUInt8(start + i) + addend.readUInt8(i)
      input.writeUInt8(carry & 0xff, start + i)
      carry >>= 8
    }
  }
}

/** PBKDF2 with HMAC; the password is UTF-8. */
export function pbkdf2Key(
  digest: string,
  { password, salt, iterations }: KeyMaterial,
  bytes: number
): Buffer {
  return pbkdf2Sync(password, salt, iterations, bytes, digest)
}
