import { createHash } from 'node:crypto'
import { ByteReader } from './byte-reader.ts'
import { DerReader, OCTETS, SEQUENCE } from './der.ts'
import {
  badStore,
  wrongKeyPassword,
  wrongStorePassword,
  type StoredEntries,
  type StoredEntry
} from './entries.ts'
import { decryptWithPassword } from './password-ciphers.ts'
import { wide } from './password-keys.ts'
import { readSealedKey } from './sealed-key.ts'

export const JKS_MAGIC = 0xfeedfeed
export const JCEKS_MAGIC = 0xcececece

const PRIVATE_KEY = 1
const CERTIFICATE = 2
const SECRET_KEY = 3
const DIGEST_BYTES = 20

/**
 * Reads a JKS or JCEKS store (sun.security.provider.JavaKeyStore, com.sun.crypto.provider.JceKeyStore; big-endian):
 *   u32 magic (feedfeed, cececece) | u32 version (1, 2) | u32 entries
 *   entry: u32 kind | utf alias | u64 created, ms | then
 *     1 private key: u32 length, EncryptedPrivateKeyInfo | u32 certificates | certificate …
 *     2 certificate: utf type (version 2 only) | u32 length, X.509
 *     3 secret key (JCEKS only): a Java serialization stream, see sealed-key.ts
 *   20 bytes SHA-1(password in UTF-16BE ‖ "Mighty Aphrodite" ‖ all before)
 * Without a password the check is left out, as in Java.
 */
export function readJks(bytes: Buffer, storePassword: string | undefined): StoredEntries {
  if (bytes.length < 12 + DIGEST_BYTES) throw badStore('it is too short')
  const content = bytes.subarray(0, -DIGEST_BYTES)
  if (storePassword !== undefined && !digestOf(content, storePassword).equals(bytes.subarray(-DIGEST_BYTES)))
    throw wrongStorePassword()
  const reader = new ByteReader(content)
  const format = reader.u32() === JCEKS_MAGIC ? 'JCEKS' : 'JKS'
  const version = reader.u32()
  if (version !== 1 && version !== 2) throw badStore('its version is unknown', { version })
  const count = reader.u32()
  const entries = new Map<string, StoredEntry>()
  for (let i = 0; i < count; i++) {
    const kind = reader.u32()
    const alias = reader.utf()
    reader.take(8)
    entries.set(alias, readEntry(reader, kind, version))
  }
  if (reader.left > 0) throw badStore('bytes follow the last entry', { bytes: reader.left })
  return { format, entries }
}

function digestOf(content: Buffer, password: string): Buffer {
  return createHash('sha1').update(wide(password)).update('Mighty Aphrodite').update(content).digest()
}

function readEntry(reader: ByteReader, kind: number, version: number): StoredEntry {
  switch (kind) {
    case PRIVATE_KEY:
      return readPrivateKey(reader, version)
    case CERTIFICATE:
      return { kind: 'certificate', certificate: readCertificate(reader, version) }
    case SECRET_KEY:
      return readSealedKey(reader)
    default:
      throw badStore('an entry of an unknown kind is in it', { kind })
  }
}

function readPrivateKey(reader: ByteReader, version: number): StoredEntry {
  const info = reader.take(reader.u32())
  const chain: Buffer[] = []
  for (let left = reader.u32(); left > 0; left--) chain.push(readCertificate(reader, version))
  return { kind: 'private', chain, open: password => openPrivateKey(info, password) }
}

function readCertificate(reader: ByteReader, version: number): Buffer {
  if (version === 2) reader.utf()
  return reader.take(reader.u32())
}

/** EncryptedPrivateKeyInfo: SEQUENCE { SEQUENCE algorithm, OCTET STRING encrypted }. Rejects a wrong password. */
export function openPrivateKey(info: Buffer, password: string): Buffer {
  const der = new DerReader(info).inside(SEQUENCE)
  const algorithm = der.inside(SEQUENCE)
  const encrypted = der.value(OCTETS)
  try {
    const plain = decryptWithPassword(algorithm, encrypted, password)
    return new DerReader(plain).whole(SEQUENCE)
  } catch (error) {
    throw wrongKeyPassword(error)
  }
}
