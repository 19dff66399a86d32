import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ClientTls, ServerTls, StoreFile } from '../tls-options.ts'
import { ANY_NAME } from '../tls-options.ts'

const FOLDER = join(import.meta.dirname, '../../../../test/fixtures/tls')

/** Path of a file in test/fixtures/tls. */
export function fixturePath(name: string): string {
  return join(FOLDER, name)
}

/** Its bytes. */
export function fixture(name: string): Buffer {
  return readFileSync(fixturePath(name))
}

/** A certificate and its key for a fake server: `issued` names 127.0.0.1 and localhost, `elsewhere` does not. */
export function certificateOf(name: 'issued' | 'elsewhere'): { readonly cert: Buffer; readonly key: Buffer } {
  return {
    cert: fixture(name === 'issued' ? 'issued-chain.pem' : 'elsewhere.pem'),
    key: fixture(`${name}.key`)
  }
}

/** One of the key or trust stores; all have the same password. */
export function storeFile(name: string): StoreFile {
  return { path: fixturePath(name), password: 'password' }
}

/** A server with the issued certificate, unless `more` says otherwise. */
export function serverOf(more: Partial<ServerTls> = {}): ServerTls {
  const keyStore = { path: fixturePath('issued-chain.pem'), keyPath: fixturePath('issued.key') }
  return { keyStore, protocols: ANY_NAME, cipherSuites: ANY_NAME, clientsNeedCertificate: false, ...more }
}

/** A client that trusts the authority and wants the right name, unless `more` says otherwise. */
export function clientOf(more: Partial<ClientTls> = {}): ClientTls {
  const trustStore = { path: fixturePath('ca.pem') }
  return {
    trustStore,
    protocols: ANY_NAME,
    cipherSuites: ANY_NAME,
    trustAll: false,
    checkHostName: true,
    ...more
  }
}
