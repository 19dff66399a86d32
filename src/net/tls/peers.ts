import type { ConnectionOptions, SecureContext, Server, TlsOptions as ServerOptions } from 'node:tls'
import type { Context } from '../../core/contracts.ts'
import { messageOf } from '../../core/errors.ts'
import { rareWarning } from '../rare-warning.ts'
import type { TlsFiles } from './tls-files.ts'
import type { ClientTls, ServerTls } from './tls-options.ts'

/** A client that has not finished its handshake by then is let go. */
const HANDSHAKE_MS = 10_000

/** For `createServer` of node:tls and node:https, beside the options of its own; give the server to followFiles(), too. */
export function serverOptions(files: TlsFiles, { clientsNeedCertificate }: ServerTls): ServerOptions {
  return {
    ...files.current.options,
    handshakeTimeout: HANDSHAKE_MS,
    requestCert: clientsNeedCertificate,
    rejectUnauthorized: clientsNeedCertificate
  }
}

/**
 * Keeps what `server` shows and trusts as its files are: a client that connects after they have changed meets the new
 * content. Says, once a minute, that handshakes fail. Sockets of such a server cannot be read by readInto() directly.
 */
export function followFiles(server: Server, files: TlsFiles, context: Pick<Context, 'log' | 'clock'>): void {
  let used = files.current
  server.prependListener('connection', () => {
    if (files.current === used) return
    used = files.current
    server.setSecureContext(used.options)
  })
  const failed = rareWarning('Clients did not come to terms by TLS.', context)
  server.on('tlsClientError', (error, socket) =>
    // Of a certificate that is not trusted, the error says no more than that the connection ended.
    failed({ reason: socket.authorizationError ?? messageOf(error), client: socket.remoteAddress })
  )
}

/** Options of one connection of a client. */
export interface ClientOptions extends Pick<ConnectionOptions, 'checkServerIdentity'> {
  readonly secureContext: SecureContext
  readonly rejectUnauthorized: boolean
}

/** For a connection made now, to `tls.connect` or as options of an HTTPS request. */
export function clientOptions(files: TlsFiles, { trustAll, checkHostName }: ClientTls): ClientOptions {
  return {
    secureContext: files.current.context,
    rejectUnauthorized: !trustAll,
    ...(checkHostName ? {} : { checkServerIdentity: () => undefined })
  }
}
