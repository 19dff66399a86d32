import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hkdfSync,
  randomBytes,
  type KeyObject
} from 'node:crypto'
import { AgentError } from '../core/errors.ts'

/** A sealed payload is this much longer than the plain one: the tag of 16 bytes follows it. */
export const SEAL_OVERHEAD = 16
/** Bytes of a segment's salt. */
export const SALT_BYTES = 32
/** Hex digits of a key id: 16 bytes. */
export const KEY_ID_DIGITS = 32

const KEY_ID_LABEL = Buffer.from('millrace log key id 1')
const SEGMENT_KEY_LABEL = Buffer.from('millrace log segment key 1')
const CIPHER = 'aes-256-gcm'
const SEGMENT_KEY_BYTES = 32
const NONCE_BYTES = 12

/** A key and the alias it has in the key store, for messages. */
export interface NamedKey {
  readonly name: string
  /** 16, 24 or 32 bytes. */
  readonly bytes: Buffer
}

/** What a segment's frames are bound to; a frame opens only under the values it was sealed with. */
export interface SegmentIdentity {
  /** Of the key that the segment was begun with. */
  readonly keyId: string
  /** Fresh from newSalt() for each use of a file, also when the file is recycled: it is what keeps nonces unique. */
  readonly salt: Buffer
  /** 16 bytes, so that frames of another channel with the same key do not pass. */
  readonly channelId: Buffer
  /** Unsigned 32 bits. */
  readonly segmentId: number
}

/** The keys of one channel: the active one seals new segments, all of them open. */
export interface FrameCipher {
  /**
   * Names the active key's bytes, not its alias: 32 hex digits, safe to store in the clear. Undefined: new segments are
   * not encrypted.
   */
  readonly keyId: string | undefined
  /** 32 random bytes for a segment that is begun. */
  newSalt(): Buffer
  /** Undefined when the key is not among those given. */
  forSegment(segment: SegmentIdentity): SegmentCipher | undefined
}

/** Seals and opens the frames of one segment with AES-256-GCM under a key of its own. Synchronous. */
export interface SegmentCipher {
  /**
   * Writes ciphertext and tag of `plain` into `into` at `at`, SEAL_OVERHEAD bytes more than it was; both may be the same
   * memory. `offset` is the frame's place in the segment and must grow from call to call: a frame that has to change
   * after it was sealed goes to a new segment, or the key is broken. `header` is bound to it, byte for byte.
   * Throws ERR_CHANNEL for an offset that was used or passed.
   */
  seal(
    offset: number,
    header: Buffer,
    plain: Buffer,
    target: { readonly into: Buffer; readonly at: number }
  ): number
  /** The plain payload, in memory of its own; undefined when header, place, key or bytes are not what was sealed. */
  open(offset: number, header: Buffer, sealed: Buffer): Buffer | undefined
}

/** Keys to seal and open with; without an active one only to open; two names of the same key are fine. Throws ERR_CONFIG for a key of a wrong length. */
export function createFrameCipher(
  active: NamedKey | undefined,
  others: readonly NamedKey[] = []
): FrameCipher {
  const keys = new Map([...others, ...(active === undefined ? [] : [active])].map(key => [keyIdOf(key), key]))
  return {
    keyId: active && keyIdOf(active),
    newSalt: () => randomBytes(SALT_BYTES),
    forSegment: segment => {
      const key = keys.get(segment.keyId)
      return key === undefined ? undefined : new GcmSegmentCipher(key, segment)
    }
  }
}

/** 32 hex digits that tell keys apart and say nothing about them. Throws ERR_CONFIG for a key of a wrong length. */
export function keyIdOf(key: NamedKey): string {
  if (![16, 24, 32].includes(key.bytes.length)) {
    throw new AgentError('ERR_CONFIG', 'An encryption key must have 16, 24 or 32 bytes.', {
      key: key.name,
      bytes: key.bytes.length
    })
  }
  return Buffer.from(
    hkdfSync('sha256', key.bytes, Buffer.alloc(0), KEY_ID_LABEL, KEY_ID_DIGITS / 2)
  ).toString('hex')
}

/**
 * segment key = HKDF-SHA256(key, salt, label ‖ channel id ‖ u32 segment id), 32 bytes
 * nonce       = u32 segment id ‖ u64 offset, big-endian
 * sealed      = AES-256-GCM(segment key, nonce, payload, AAD header) ‖ 16-byte tag
 */
class GcmSegmentCipher implements SegmentCipher {
  readonly #key: KeyObject
  readonly #nonce = Buffer.alloc(NONCE_BYTES)
  #sealedUpTo = -1

  constructor(key: NamedKey, { salt, channelId, segmentId }: SegmentIdentity) {
    if (salt.length !== SALT_BYTES) {
      throw new AgentError('ERR_FORMAT', 'The salt of a segment has the wrong length.', {
        bytes: salt.length
      })
    }
    this.#nonce.writeUInt32BE(segmentId)
    const info = Buffer.concat([SEGMENT_KEY_LABEL, channelId, this.#nonce.subarray(0, 4)])
    this.#key = createSecretKey(Buffer.from(hkdfSync('sha256', key.bytes, salt, info, SEGMENT_KEY_BYTES)))
  }

  seal(
    offset: number,
    header: Buffer,
    plain: Buffer,
    target: { readonly into: Buffer; readonly at: number }
  ): number {
    if (offset <= this.#sealedUpTo) {
      throw new AgentError('ERR_CHANNEL', 'A frame was to be sealed twice in one segment.', {
        offset,
        sealed: this.#sealedUpTo
      })
    }
    if (target.into.length - target.at < plain.length + SEAL_OVERHEAD) {
      throw new RangeError('There is no room for the sealed payload.')
    }
    const cipher = createCipheriv(CIPHER, this.#key, this.#nonceAt(offset), { authTagLength: SEAL_OVERHEAD })
    cipher.setAAD(header)
    const sealed = cipher.update(plain)
    cipher.final()
    this.#sealedUpTo = offset
    const end = target.at + sealed.copy(target.into, target.at)
    cipher.getAuthTag().copy(target.into, end)
    return sealed.length + SEAL_OVERHEAD
  }

  open(offset: number, header: Buffer, sealed: Buffer): Buffer | undefined {
    const end = sealed.length - SEAL_OVERHEAD
    if (end < 0) return undefined
    const decipher = createDecipheriv(CIPHER, this.#key, this.#nonceAt(offset), {
      authTagLength: SEAL_OVERHEAD
    })
    decipher.setAAD(header)
    decipher.setAuthTag(sealed.subarray(end))
    const plain = decipher.update(sealed.subarray(0, end))
    try {
      decipher.final()
    } catch {
      return undefined // not what was sealed: damage, not a failure
    }
    return plain
  }

  #nonceAt(offset: number): Buffer {
    this.#nonce.writeBigUInt64BE(BigInt(offset), 4)
    return this.#nonce
  }
}
