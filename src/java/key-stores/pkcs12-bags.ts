import { X509Certificate } from 'node:crypto'
import { BMP_TEXT, contextTag, DerReader, OCTETS, SEQUENCE, SET } from './der.ts'
import { badStore, wrongKeyPassword, type StoredEntry } from './entries.ts'
import { openPrivateKey } from './jks-store.ts'

const BAGS = '1.2.840.113549.1.12.10.1.'
const PLAIN_KEY = `${BAGS}1`
const SHROUDED_KEY = `${BAGS}2`
const CERTIFICATE = `${BAGS}3`
const SECRET = `${BAGS}5`
const FRIENDLY_NAME = '1.2.840.113549.1.9.20'
const LOCAL_KEY_ID = '1.2.840.113549.1.9.21'
const LONGEST_CHAIN = 16

/** One SafeBag: a key, a secret or a certificate, with its names. */
export interface Bag {
  readonly kind: 'private' | 'secret' | 'certificate' | 'other'
  /** What opens the key, or the certificate in DER. */
  readonly content: Buffer
  readonly open: (password: string) => Buffer
  readonly name: string | undefined
  /** The same for a key and its certificate. */
  readonly localKeyId: string | undefined
}

/** SafeBag: SEQUENCE { OID kind, [0] value, SET of attributes? }, opened. */
export function readBag(bag: DerReader): Bag {
  const kind = bag.oid()
  const value = bag.inside(contextTag(0))
  const names = bag.done ? { name: undefined, localKeyId: undefined } : namesOf(bag.inside(SET))
  switch (kind) {
    case PLAIN_KEY: {
      const key = value.whole(SEQUENCE)
      return { kind: 'private', content: key, open: () => key, ...names }
    }
    case SHROUDED_KEY: {
      const info = value.whole(SEQUENCE)
      return { kind: 'private', content: info, open: password => openPrivateKey(info, password), ...names }
    }
    case SECRET: {
      const info = secretOf(value.inside(SEQUENCE))
      return { kind: 'secret', content: info, open: password => openSecret(info, password), ...names }
    }
    case CERTIFICATE: {
      const certificate = value.inside(SEQUENCE)
      certificate.oid()
      const content = certificate.inside(contextTag(0)).value(OCTETS)
      return { kind: 'certificate', content, open: () => content, ...names }
    }
    default:
      return { kind: 'other', content: Buffer.alloc(0), open: () => Buffer.alloc(0), ...names }
  }
}

/** Attribute: SEQUENCE { OID, SET { value } }. */
function namesOf(attributes: DerReader): { name: string | undefined; localKeyId: string | undefined } {
  let name: string | undefined
  let localKeyId: string | undefined
  while (!attributes.done) {
    const attribute = attributes.inside(SEQUENCE)
    const type = attribute.oid()
    const values = attribute.inside(SET)
    if (type === FRIENDLY_NAME)
      name = Buffer.from(even(values.value(BMP_TEXT)))
        .swap16()
        .toString('utf16le')
    if (type === LOCAL_KEY_ID) localKeyId = values.value(OCTETS).toString('hex')
  }
  return { name, localKeyId }
}

function even(bytes: Buffer): Buffer {
  if (bytes.length % 2 !== 0) throw badStore('a name in it is not text')
  return bytes
}

/** SecretBag as Java writes it: SEQUENCE { OID of a shrouded key, [0] { OCTET STRING EncryptedPrivateKeyInfo } }. */
function secretOf(secret: DerReader): Buffer {
  const type = secret.oid()
  if (type !== SHROUDED_KEY) throw badStore('a secret in it is of an unknown type', { type })
  return secret.inside(contextTag(0)).value(OCTETS)
}

/** The decrypted secret looks like PKCS#8: SEQUENCE { 0, SEQUENCE algorithm, OCTET STRING key }. */
function openSecret(info: Buffer, password: string): Buffer {
  const plain = openPrivateKey(info, password)
  try {
    const key = new DerReader(plain).inside(SEQUENCE)
    key.integer()
    key.inside(SEQUENCE)
    return key.value(OCTETS)
  } catch (error) {
    throw wrongKeyPassword(error)
  }
}

/** Entries by name; what has no name is numbered from 1, as Java does. Certificates of a key go with the key. */
export function entriesOf(bags: readonly Bag[]): Map<string, StoredEntry> {
  const entries = new Map<string, StoredEntry>()
  const certificates = bags.filter(bag => bag.kind === 'certificate')
  const taken = new Set<Bag>()
  let unnamed = 0
  const nameOf = (bag: Bag): string => bag.name ?? String(++unnamed)
  for (const bag of bags) {
    if (bag.kind === 'secret') entries.set(nameOf(bag), { kind: 'secret', open: bag.open })
    if (bag.kind === 'private') {
      const chain = chainOf(bag, certificates)
      for (const certificate of chain) taken.add(certificate)
      entries.set(nameOf(bag), {
        kind: 'private',
        open: bag.open,
        chain: chain.map(certificate => certificate.content)
      })
    }
  }
  for (const bag of certificates) {
    if (!taken.has(bag)) entries.set(nameOf(bag), { kind: 'certificate', certificate: bag.content })
  }
  return entries
}

/** The certificate with the key's id, its issuer, the issuer's issuer, … */
function chainOf(key: Bag, certificates: readonly Bag[]): Bag[] {
  const own = certificates.find(bag => bag.localKeyId !== undefined && bag.localKeyId === key.localKeyId)
  const chain: Bag[] = []
  for (let next = own; next !== undefined && chain.length < LONGEST_CHAIN;) {
    chain.push(next)
    const subject = parsed(next)
    next = certificates.find(bag => !chain.includes(bag) && isIssuer(parsed(bag), subject))
  }
  return chain
}

function isIssuer(issuer: X509Certificate, subject: X509Certificate): boolean {
  return subject.checkIssued(issuer)
}

function parsed(bag: Bag): X509Certificate {
  try {
    return new X509Certificate(bag.content)
  } catch (error) {
    throw badStore('a certificate in it cannot be read', { cause: error })
  }
}
