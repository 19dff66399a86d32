import { createHmac } from 'node:crypto'
import { AgentError } from '../../core/errors.ts'
import { contextTag, DerReader, OCTETS, SEQUENCE } from './der.ts'
import { badStore, wrongStorePassword, type StoredEntries } from './entries.ts'
import { decryptWithPassword } from './password-ciphers.ts'
import { checkedIterations, FOR_MAC, pkcs12Key } from './password-keys.ts'
import { entriesOf, readBag, type Bag } from './pkcs12-bags.ts'

const VERSION = 3
const DATA = '1.2.840.113549.1.7.1'
const ENCRYPTED_DATA = '1.2.840.113549.1.7.6'
const IMPLICIT_OCTETS = 0x80
const DIGESTS: Readonly<Record<string, { readonly name: string; readonly bytes: number }>> = {
  '1.3.14.3.2.26': { name: 'sha1', bytes: 20 },
  '2.16.840.1.101.3.4.2.4': { name: 'sha224', bytes: 28 },
  '2.16.840.1.101.3.4.2.1': { name: 'sha256', bytes: 32 },
  '2.16.840.1.101.3.4.2.2': { name: 'sha384', bytes: 48 },
  '2.16.840.1.101.3.4.2.3': { name: 'sha512', bytes: 64 },
  '2.16.840.1.101.3.4.2.5': { name: 'sha512-224', bytes: 28 },
  '2.16.840.1.101.3.4.2.6': { name: 'sha512-256', bytes: 32 }
}

/**
 * Reads a PKCS #12 store (RFC 7292), DER:
 *   SEQUENCE { 3, SEQUENCE { data, [0] { OCTET STRING contents } }, SEQUENCE mac? }
 *   contents = SEQUENCE of SEQUENCE { data, [0] { OCTET STRING bags } }
 *                      or SEQUENCE { encryptedData, [0] { SEQUENCE { 0, SEQUENCE { data, algorithm, [0] bags, encrypted } } } }
 * The MAC is checked where there is one; without a password it is not, and encrypted contents are left out.
 */
export function readPkcs12(bytes: Buffer, storePassword: string | undefined): StoredEntries {
  const store = new DerReader(bytes).inside(SEQUENCE)
  const version = store.integer()
  if (version !== VERSION) throw badStore('its version is unknown', { version })
  const contents = dataOf(store.inside(SEQUENCE))
  if (storePassword !== undefined && !store.done) checkMac(store.inside(SEQUENCE), contents, storePassword)
  const bags: Bag[] = []
  for (const list = new DerReader(contents).inside(SEQUENCE); !list.done;) {
    const content = contentOf(list.inside(SEQUENCE), storePassword)
    for (const inner = content?.inside(SEQUENCE); inner !== undefined && !inner.done;)
      bags.push(readBag(inner.inside(SEQUENCE)))
  }
  return { format: 'PKCS12', entries: entriesOf(bags) }
}

function dataOf(content: DerReader): Buffer {
  const type = content.oid()
  if (type !== DATA) throw badStore('it is signed with a certificate instead of a password', { type })
  return content.inside(contextTag(0)).value(OCTETS)
}

function contentOf(content: DerReader, password: string | undefined): DerReader | undefined {
  const type = content.oid()
  const inner = content.inside(contextTag(0))
  if (type === DATA) return new DerReader(inner.value(OCTETS))
  if (type !== ENCRYPTED_DATA) throw badStore('a part of it is encrypted with a certificate', { type })
  if (password === undefined) return undefined
  const data = inner.inside(SEQUENCE)
  data.integer()
  const encrypted = data.inside(SEQUENCE)
  encrypted.oid()
  const algorithm = encrypted.inside(SEQUENCE)
  const bytes = encrypted.value(IMPLICIT_OCTETS)
  try {
    return new DerReader(decryptWithPassword(algorithm, bytes, password))
  } catch (error) {
    throw error instanceof AgentError ? error : wrongStorePassword(error)
  }
}

/** MacData: SEQUENCE { SEQUENCE { SEQUENCE digest, OCTET STRING mac }, OCTET STRING salt, INTEGER iterations = 1 }. */
function checkMac(mac: DerReader, contents: Buffer, password: string): void {
  const info = mac.inside(SEQUENCE)
  const algorithm = info.inside(SEQUENCE).oid()
  const expected = info.value(OCTETS)
  const salt = mac.value(OCTETS)
  const iterations = mac.done ? 1 : checkedIterations(mac.integer())
  const digest = DIGESTS[algorithm]
  if (digest === undefined) {
    throw new AgentError(
      'ERR_UNSUPPORTED',
      'The key store is protected in a way that cannot be checked here; a copy that keytool -importkeystore makes can be.',
      { algorithm }
    )
  }
  const key = pkcs12Key(digest.name, FOR_MAC, { password, salt, iterations }, digest.bytes)
  if (!createHmac(digest.name, key).update(contents).digest().equals(expected)) throw wrongStorePassword()
}
