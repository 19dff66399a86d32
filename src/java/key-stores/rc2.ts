/*
 * RC2 (RFC 2268), to decrypt only: old PKCS #12 stores encrypt their certificates with it, and OpenSSL 3 does without.
 */
const PI = Buffer.from(
  'd978f9c419ddb5ed28e9fd794aa0d89dc67e37832b76538e624c6488448bfba2179a59f587b34f1361456d8d09817d32' +
    'bd8f40eb86b77b0bf09521225c6b4e8254d66593ce60b21c7356c014a78cf1dc1275ca1f3bbee4d1423dd430a33cb626' +
    '6fbf0eda4669075727f21d9bbc944303f811c7f690ef3ee706c3d52fc8661ed708e8eade8052eef784aa72ac354d6a2a' +
    '961ad2715a1549744b9fd05e0418a4ecc2e0416e0f51cbcc2491af50a1f47039997c3a8523b8b47afc02365b25559731' +
    '2d5dfa98e38a92ae05df2910676cbac9d300e6cfe19ea82c6316013f58e289a90d38341bab33ffb0bb480c5fb9b1cd2e' +
    'c5f3db47e5a59c770aa62068fe7fc1ad',
  'hex'
)
const BLOCK = 8
const SHIFTS = [1, 2, 3, 5] as const

/** Decrypts RC2-CBC with PKCS #7 padding; throws when the padding is wrong, as it is for most wrong keys. */
export function decryptRc2(key: Buffer, effectiveBits: number, iv: Buffer, encrypted: Buffer): Buffer {
  const words = expandedKey(key, effectiveBits)
  const plain = Buffer.alloc(encrypted.length)
  let before = iv
  for (let at = 0; at + BLOCK <= encrypted.length; at += BLOCK) {
    const block = encrypted.subarray(at, at + BLOCK)
    decryptBlock(words, block, plain.subarray(at, at + BLOCK))
    for (let i = 0; i < BLOCK; i++) plain.writeUInt8(plain.readUInt8(at + i) ^ before.readUInt8(i), at + i)
    before = block
  }
  return unpadded(plain)
}

function unpadded(plain: Buffer): Buffer {
  const padding = plain.at(-1) ?? 0
  const text = plain.subarray(0, plain.length - padding)
  const right = plain.length % BLOCK === 0 && padding >= 1 && padding <= BLOCK
  if (!right || !plain.subarray(text.length).every(byte => byte === padding))
    throw new Error('The padding is wrong.')
  return text
}

function expandedKey(key: Buffer, effectiveBits: number): Uint16Array {
  const bytes = Buffer.alloc(128)
  key.copy(bytes)
  const effective = Math.ceil(effectiveBits / 8)
  const mask = 0xff >> (8 * effective - effectiveBits)
  for (let i = key.length; i < 128; i++) {
    bytes.writeUInt8(PI.readUInt8((bytes.readUInt8(i - 1) + bytes.readUInt8(i - key.length)) & 0xff), i)
  }
  bytes.writeUInt8(PI.readUInt8(bytes.readUInt8(128 - effective) & mask), 128 - effective)
  for (let i = 127 - effective; i >= 0; i--) {
    bytes.writeUInt8(PI.readUInt8(bytes.readUInt8(i + 1) ^ bytes.readUInt8(i + effective)), i)
  }
  return Uint16Array.from({ length: 64 }, (_, i) => bytes.readUInt16LE(2 * i))
}

function decryptBlock(words: Uint16Array, block: Buffer, out: Buffer): void {
  const r = Uint16Array.from({ length: 4 }, (_, i) => block.readUInt16LE(2 * i))
  let next = 63
  for (let round = 15; round >= 0; round--) {
    for (let i = 3; i >= 0; i--) next = unmix(r, i, words, next)
    if (round === 11 || round === 5)
      for (let i = 3; i >= 0; i--) r[i] = at(r, i) - at(words, at(r, i - 1) & 63)
  }
  r.forEach((word, i) => out.writeUInt16LE(word, 2 * i))
}

function unmix(r: Uint16Array, i: number, words: Uint16Array, next: number): number {
  const shift = SHIFTS[i] ?? 0
  const turned = (at(r, i) >>> shift) | (at(r, i) << (16 - shift))
  r[i] = turned - at(words, next) - (at(r, i - 1) & at(r, i - 2)) - (~at(r, i - 1) & at(r, i - 3))
  return next - 1
}

/** Indexes from -3 on go round the four words. */
function at(words: Uint16Array, index: number): number {
  return words[index < 0 ? index + 4 : index] ?? 0
}
