import { createDecipheriv, hash } from 'node:crypto'
import { AgentError } from '../../core/errors.ts'
import { type DerReader, OCTETS, SEQUENCE } from './der.ts'
import { badStore } from './entries.ts'
import {
  checkedIterations,
  FOR_IV,
  FOR_KEY,
  pbkdf2Key,
  pkcs12Key,
  sunTripleDesKey,
  wide,
  type KeyMaterial
} from './password-keys.ts'
import { decryptRc2 } from './rc2.ts'

const PBES2 = '1.2.840.113549.1.5.13'
const PBKDF2 = '1.2.840.113549.1.5.12'
const SHA1_3DES = '1.2.840.113549.1.12.1.3'
const SHA1_2DES = '1.2.840.113549.1.12.1.4'
const SHA1_RC2_128 = '1.2.840.113549.1.12.1.5'
const SHA1_RC2_40 = '1.2.840.113549.1.12.1.6'
const SUN_MD5_3DES = '1.3.6.1.4.1.42.2.19.1'
const SUN_JKS = '1.3.6.1.4.1.42.2.17.1.1'

const CIPHERS: Readonly<Record<string, { readonly name: string; readonly keyBytes: number }>> = {
  '2.16.840.1.101.3.4.1.2': { name: 'aes-128-cbc', keyBytes: 16 },
  '2.16.840.1.101.3.4.1.22': { name: 'aes-192-cbc', keyBytes: 24 },
  '2.16.840.1.101.3.4.1.42': { name: 'aes-256-cbc', keyBytes: 32 },
  '1.2.840.113549.3.7': { name: 'des-ede3-cbc', keyBytes: 24 }
}

const HMACS: Readonly<Record<string, string>> = {
  '1.2.840.113549.2.7': 'sha1',
  '1.2.840.113549.2.8': 'sha224',
  '1.2.840.113549.2.9': 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512'
}

const SHA1_BYTES = 20

/**
 * Decrypts what a password protects. `algorithm` is the content of an AlgorithmIdentifier:
 *   SEQUENCE { OID algorithm, parameters }
 * Throws ERR_UNSUPPORTED for an algorithm that Node cannot do either; what a wrong password throws is not defined.
 */
export function decryptWithPassword(algorithm: DerReader, encrypted: Buffer, password: string): Buffer {
  const oid = algorithm.oid()
  switch (oid) {
    case PBES2:
      return decryptPbes2(algorithm.inside(SEQUENCE), encrypted, password)
    case SHA1_3DES:
      return decryptPkcs12(materialOf(algorithm.inside(SEQUENCE), password), encrypted, 'des-ede3-cbc')
    case SHA1_2DES:
      return decryptPkcs12(materialOf(algorithm.inside(SEQUENCE), password), encrypted, 'des-ede-cbc')
    case SHA1_RC2_128:
      return decryptPkcs12Rc2(materialOf(algorithm.inside(SEQUENCE), password), encrypted, 16)
    case SHA1_RC2_40:
      return decryptPkcs12Rc2(materialOf(algorithm.inside(SEQUENCE), password), encrypted, 5)
    case SUN_MD5_3DES:
      return decryptSunTripleDes(algorithm.inside(SEQUENCE), encrypted, password)
    case SUN_JKS:
      return decryptJks(encrypted, password)
    default:
      throw unsupported(oid)
  }
}

/** `parameters` is SEQUENCE { OCTET STRING salt, INTEGER iterations }, opened. */
export function decryptSunTripleDes(parameters: DerReader, encrypted: Buffer, password: string): Buffer {
  const { salt, iterations } = materialOf(parameters, password)
  const { key, iv } = sunTripleDesKey(password, salt, iterations)
  return decrypt('des-ede3-cbc', key, iv, encrypted)
}

function materialOf(parameters: DerReader, password: string): KeyMaterial {
  const salt = parameters.value(OCTETS)
  return { password, salt, iterations: checkedIterations(parameters.integer()) }
}

function decryptPkcs12(
  material: KeyMaterial,
  encrypted: Buffer,
  cipher: 'des-ede3-cbc' | 'des-ede-cbc'
): Buffer {
  const keyBytes = cipher === 'des-ede3-cbc' ? 24 : 16
  return decrypt(
    cipher,
    pkcs12Key('sha1', FOR_KEY, material, keyBytes),
    pkcs12Key('sha1', FOR_IV, material, 8),
    encrypted
  )
}

function decryptPkcs12Rc2(material: KeyMaterial, encrypted: Buffer, keyBytes: number): Buffer {
  const key = pkcs12Key('sha1', FOR_KEY, material, keyBytes)
  return decryptRc2(key, 8 * keyBytes, pkcs12Key('sha1', FOR_IV, material, 8), encrypted)
}

/** RFC 8018: SEQUENCE { SEQUENCE { PBKDF2, parameters }, SEQUENCE { cipher, OCTET STRING iv } }. */
function decryptPbes2(parameters: DerReader, encrypted: Buffer, password: string): Buffer {
  const derivation = parameters.inside(SEQUENCE)
  const scheme = parameters.inside(SEQUENCE)
  const derivationOid = derivation.oid()
  if (derivationOid !== PBKDF2) throw unsupported(derivationOid)
  const cipherOid = scheme.oid()
  const cipher = CIPHERS[cipherOid]
  if (cipher === undefined) throw unsupported(cipherOid)
  const key = pbkdf2Of(derivation.inside(SEQUENCE), password, cipher.keyBytes)
  return decrypt(cipher.name, key, scheme.value(OCTETS), encrypted)
}

/** Key by PBKDF2-params: SEQUENCE { OCTET STRING salt, INTEGER iterations, INTEGER length?, SEQUENCE { hmac }? }, opened. */
export function pbkdf2Of(parameters: DerReader, password: string, bytes: number): Buffer {
  const material = materialOf(parameters, password)
  if (!parameters.done && !parameters.has(SEQUENCE)) parameters.integer()
  const hmac = parameters.done ? '1.2.840.113549.2.7' : parameters.inside(SEQUENCE).oid()
  const digest = HMACS[hmac]
  if (digest === undefined) throw unsupported(hmac)
  return pbkdf2Key(digest, material, bytes)
}

/**
 * Sun's protection of private keys in JKS (sun.security.provider.KeyProtector):
 *   20 bytes salt ‖ key xor stream ‖ SHA-1(password ‖ key);  stream = SHA-1(password ‖ salt), SHA-1(password ‖ last), …
 */
function decryptJks(encrypted: Buffer, password: string): Buffer {
  const length = encrypted.length - 2 * SHA1_BYTES
  if (length < 0) throw badStore('a private key in it is too short')
  const secret = wide(password)
  const key = Buffer.from(encrypted.subarray(SHA1_BYTES, SHA1_BYTES + length))
  let stream = encrypted.subarray(0, SHA1_BYTES)
  for (let at = 0; at < length; at++) {
    const within = at % SHA1_BYTES
    if (within === 0) stream = hash('sha1', Buffer.concat([secret, stream]), 'buffer')
    key.writeUInt8(key.readUInt8(at) ^ stream.readUInt8(within), at)
  }
  const check = hash('sha1', Buffer.concat([secret, key]), 'buffer')
  if (!check.equals(encrypted.subarray(SHA1_BYTES + length)))
    throw new Error('The check of the private key failed.')
  return key
}

function decrypt(cipher: string, key: Buffer, iv: Buffer, encrypted: Buffer): Buffer {
  const decipher = createDecipheriv(cipher, key, iv)
  return Buffer.concat([decipher.update(encrypted), decipher.final()])
}

function unsupported(oid: string): AgentError {
  return new AgentError(
    'ERR_UNSUPPORTED',
    'The key store is encrypted in a way that cannot be read here; a copy that keytool -importkeystore makes can be.',
    { algorithm: oid }
  )
}
