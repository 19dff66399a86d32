import { AgentError } from '../../core/errors.ts'
import { ByteReader } from './byte-reader.ts'
import { DerReader, SEQUENCE } from './der.ts'
import { badStore, wrongKeyPassword, type StoredSecret } from './entries.ts'
import { decryptSunTripleDes } from './password-ciphers.ts'
import { readSerialized, type SerializedObject } from './serialized-object.ts'

const SEALED_CLASSES = new Set([
  'com.sun.crypto.provider.SealedObjectForKeyProtector',
  'javax.crypto.SealedObject',
  '[B'
])
const KEY_CLASSES = new Set([
  'javax.crypto.spec.SecretKeySpec',
  'java.security.KeyRep',
  'java.security.KeyRep$Type',
  'java.lang.Enum',
  '[B'
])
const SEAL_ALGORITHM = 'PBEWithMD5AndTripleDES'

/**
 * Reads a secret key of a JCEKS store: a serialized javax.crypto.SealedObject whose fields are
 *   encodedParams     DER SEQUENCE { OCTET STRING salt, INTEGER iterations }
 *   encryptedContent  the serialized key, PBEWithMD5AndTripleDES
 *   paramsAlg, sealAlg
 */
export function readSealedKey(reader: ByteReader): StoredSecret {
  const sealed = readSerialized(reader, SEALED_CLASSES)
  const parameters = bytesOf(sealed, 'encodedParams')
  const content = bytesOf(sealed, 'encryptedContent')
  const algorithm = sealed.fields.get('sealAlg')
  if (algorithm !== SEAL_ALGORITHM) {
    throw new AgentError('ERR_UNSUPPORTED', 'A secret key is sealed in a way that cannot be read here.', {
      algorithm
    })
  }
  return { kind: 'secret', open: password => openSealed(parameters, content, password) }
}

function openSealed(parameters: Buffer, content: Buffer, password: string): Buffer {
  const der = new DerReader(parameters).inside(SEQUENCE)
  try {
    const plain = decryptSunTripleDes(der, content, password)
    return bytesOfKey(readSerialized(new ByteReader(plain), KEY_CLASSES))
  } catch (error) {
    throw wrongKeyPassword(error)
  }
}

/** SecretKeySpec { algorithm, key }, or KeyRep { algorithm, encoded, format = RAW, type = SECRET }. */
function bytesOfKey(key: SerializedObject): Buffer {
  if (key.className.endsWith('SecretKeySpec')) return bytesOf(key, 'key')
  if (key.fields.get('format') !== 'RAW') throw badStore('a key in it is not a plain secret key')
  return bytesOf(key, 'encoded')
}

function bytesOf(object: SerializedObject, field: string): Buffer {
  const value = object.fields.get(field)
  if (!Buffer.isBuffer(value)) throw badStore('a secret key in it lacks a field', { field })
  return value
}
