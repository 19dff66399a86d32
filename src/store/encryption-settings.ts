import { records } from '../core/records.ts'
import { choice, list, optional, text, type Values } from '../core/schema.ts'
import { secretFile } from '../java/secret.ts'

/** Settings of a channel that can encrypt what it writes: Flume's, and key files. */
export const encryptionSettings = {
  keyProvider: optional(
    choice('encryption.keyProvider', ['JCEKSFILE'], {
      doc:
        'Where keys come from; its presence switches encryption on. The file may be a JCEKS or a PKCS #12 key store, ' +
        'whatever its name.',
      synonyms: {
        'org.apache.flume.channel.file.encryption.JCEFileKeyProvider$Builder': 'JCEKSFILE',
        'org.apache.flume.channel.file.encryption.JCEFileKeyProvider': 'JCEKSFILE'
      },
      otherwise:
        'Java classes cannot be loaded: put the keys into a key store, or name a key file in encryption.keyFile.'
    })
  ),
  activeKey: optional(text('encryption.activeKey', { doc: 'Alias of the key that encrypts from now on.' })),
  cipherProvider: optional(
    choice('encryption.cipherProvider', ['AESCTRNOPADDING'], {
      doc: "Flume's word for its cipher, needed as there. What is written here is encrypted with AES-256-GCM.",
      synonyms: { 'org.apache.flume.channel.file.encryption.AESCTRNoPaddingProvider': 'AESCTRNOPADDING' },
      otherwise: 'Java classes cannot be loaded, and what is written here has its own cipher.'
    })
  ),
  keyStoreFile: optional(text('encryption.keyProvider.keyStoreFile', { doc: 'Path of the key store.' })),
  keyStorePasswordFile: optional(
    secretFile('encryption.keyProvider.keyStorePasswordFile', {
      doc: "File with the key store's password; blanks and line ends around it do not count."
    })
  ),
  keys: list('encryption.keyProvider.keys', {
    doc: 'Aliases in use: the active one and those that older data is encrypted with.',
    default: []
  }),
  ofKeys: records({
    name: 'ALIAS',
    namedBy: ['encryption.keyProvider.keys', 'encryption.activeKey'],
    each: {
      passwordFile: optional(
        text('encryption.keyProvider.keys.ALIAS.passwordFile', {
          doc: 'File with the password of this key, where it is not that of the key store.'
        })
      )
    }
  }),
  keyFile: optional(
    text('encryption.keyFile', {
      doc:
        'A file with the key that encrypts from now on, without key store: 16, 24 or 32 bytes in hexadecimal digits, ' +
        'base64 or as they are (openssl rand -hex 32). Instead of activeKey; switches encryption on.'
    })
  ),
  oldKeyFiles: list('encryption.oldKeyFiles', {
    doc: 'Files with keys that older data is encrypted with.',
    default: []
  })
}

export type EncryptionValues = Values<typeof encryptionSettings>
