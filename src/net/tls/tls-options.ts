/** A key store or trust store of Java, or a PEM file; the content says which. */
export interface StoreFile {
  readonly path: string
  /** Opens the store, and its keys where they have no password of their own. */
  readonly password?: string | undefined
  readonly keyPassword?: string | undefined
  /** PEM file with the key, where `path` holds nothing but its certificates. */
  readonly keyPath?: string | undefined
}

/** What is on by default; of that the included, if there are any; of that all but the excluded. Java's names. */
export interface NameChoice {
  readonly include: readonly string[]
  readonly exclude: readonly string[]
}

/** What the peers of a TLS connection are to use. */
export interface TlsOptions {
  /** Who we are. */
  readonly keyStore?: StoreFile | undefined
  /** Whom we trust; without it, the authorities that come with Node and those of NODE_EXTRA_CA_CERTS. */
  readonly trustStore?: StoreFile | undefined
  readonly protocols: NameChoice
  readonly cipherSuites: NameChoice
}

export interface ServerTls extends TlsOptions {
  /** Clients must show a certificate that `trustStore` accepts. */
  readonly clientsNeedCertificate: boolean
}

export interface ClientTls extends TlsOptions {
  /** Any certificate of the server is taken. */
  readonly trustAll: boolean
  /** The server's certificate must name the host that was called. */
  readonly checkHostName: boolean
}

export const ANY_NAME: NameChoice = { include: [], exclude: [] }
