import type { Problem } from '../../core/component.ts'
import type { Environment } from '../../core/contracts.ts'
import { messageOf } from '../../core/errors.ts'
import { choice, flag, list, optional, path, text, type Setting, type Values } from '../../core/schema.ts'
import { tlsDefaults, type TlsDefaults } from './defaults.ts'
import { TlsFiles } from './tls-files.ts'
import type { ClientTls, NameChoice, ServerTls, TlsOptions } from './tls-options.ts'
import { KNOWN_PROTOCOLS, KNOWN_SUITES } from './versions.ts'

const storeSettings = {
  keystore: optional(
    path('keystore', {
      doc: 'Key store with our key and its certificates: JKS, PKCS #12 or PEM. Else -Djavax.net.ssl.keyStore, FLUME_SSL_KEYSTORE_PATH.'
    })
  ),
  keystorePassword: optional(
    text('keystore-password', {
      doc: 'Opens the key store and its key. Else -Djavax.net.ssl.keyStorePassword, FLUME_SSL_KEYSTORE_PASSWORD.',
      secret: true
    })
  ),
  keystoreType: optional(
    text('keystore-type', { doc: 'Taken, and not needed: the content says what it is.' })
  ),
  keystoreKey: optional(
    path('keystore-key', { doc: 'PEM file with the key, where keystore holds only its certificates.' })
  ),
  truststore: optional(
    path('truststore', {
      doc: 'Certificates to trust: JKS, PKCS #12 or PEM. Else -Djavax.net.ssl.trustStore, FLUME_SSL_TRUSTSTORE_PATH.'
    })
  ),
  truststorePassword: optional(
    text('truststore-password', {
      doc: 'Of the trust store; JKS and PEM can be read without. Else -Djavax.net.ssl.trustStorePassword, FLUME_SSL_TRUSTSTORE_PASSWORD.',
      secret: true
    })
  ),
  truststoreType: optional(
    text('truststore-type', { doc: 'Taken, and not needed: the content says what it is.' })
  ),
  includeProtocols: included(
    'include-protocols',
    KNOWN_PROTOCOLS,
    'Protocols to speak; empty: all that there are.'
  ),
  excludeProtocols: excluded(
    'exclude-protocols',
    'Protocols not to speak. Older ones than TLSv1.2 never are.'
  ),
  includeCipherSuites: included(
    'include-cipher-suites',
    KNOWN_SUITES,
    "Cipher suites to use, by Java's names; empty: all that there are."
  ),
  excludeCipherSuites: excluded('exclude-cipher-suites', "Cipher suites not to use, by Java's names.")
}

/** Settings of what listens. */
export const tlsServerSettings = {
  ssl: flag('ssl', { doc: 'Speaks TLS. Needs a key store.', default: false }),
  ...storeSettings,
  clientAuth: choice('client-auth', ['none', 'need'], {
    doc: 'Whether clients need a certificate that the trust store accepts.',
    default: 'none'
  })
}

/** Settings of what connects. */
export const tlsClientSettings = {
  ssl: flag('ssl', { doc: 'Speaks TLS.', default: false }),
  ...storeSettings,
  trustAllCerts: flag('trust-all-certs', { doc: 'Takes any certificate of the server.', default: false }),
  checkHostName: flag('check-host-name', {
    doc: "The server's certificate must name the host that is called; Flume does not check that.",
    default: false
  })
}

/** What a server of these settings is to use; undefined without TLS. */
export function serverTls(
  values: Values<typeof tlsServerSettings>,
  environment: Environment
): ServerTls | undefined {
  if (!values.ssl) return undefined
  const clientsNeedCertificate = values.clientAuth === 'need'
  const options = optionsOf(values, tlsDefaults(environment))
  return { ...options, ...(clientsNeedCertificate ? {} : { trustStore: undefined }), clientsNeedCertificate }
}

/** What a client of these settings is to use; undefined without TLS. Its key store is the one of its own settings only. */
export function clientTls(
  values: Values<typeof tlsClientSettings>,
  environment: Environment
): ClientTls | undefined {
  if (!values.ssl) return undefined
  const { trustAllCerts: trustAll, checkHostName } = values
  const defaults = { ...tlsDefaults(environment), keystore: undefined }
  const options = optionsOf(values, defaults)
  return { ...options, ...(trustAll ? { trustStore: undefined } : {}), trustAll, checkHostName }
}

/** What is wrong with the TLS of a server, its files included: the start would fail with the same sentence. */
export function serverProblems(tls: ServerTls | undefined): readonly Problem[] {
  if (tls === undefined) return []
  if (tls.keyStore === undefined)
    return [missing('keystore', 'keystore must be specified when SSL is enabled')]
  if (tls.clientsNeedCertificate && tls.trustStore === undefined)
    return [missing('truststore', 'truststore must be specified when clients need a certificate')]
  return fileProblems('keystore', tls)
}

/** The same for a client. */
export function clientProblems(tls: ClientTls | undefined): readonly Problem[] {
  return tls === undefined ? [] : fileProblems('truststore', tls)
}

function fileProblems(key: string, tls: TlsOptions): readonly Problem[] {
  try {
    void new TlsFiles(tls, { clock: { monotonic: () => 0 } })
    return []
  } catch (error) {
    const hint = 'Name a JKS or PKCS #12 store and its password, or a PEM file.'
    return [{ level: 'error', code: 'BAD_VALUE', key, message: messageOf(error), hint }]
  }
}

function missing(key: string, sentence: string): Problem {
  const hint = `Add ${key} = PATH.`
  return { level: 'error', code: 'MISSING_REQUIRED', key, message: `${sentence}.`, hint }
}

type StoreValues = Values<typeof storeSettings>

function optionsOf(values: StoreValues, defaults: TlsDefaults): TlsOptions {
  const keyStore = values.keystore ?? defaults.keystore
  const trustStore = values.truststore ?? defaults.truststore
  return {
    keyStore:
      keyStore === undefined
        ? undefined
        : {
            path: keyStore,
            password: values.keystorePassword ?? defaults.keystorePassword,
            keyPath: values.keystoreKey
          },
    trustStore:
      trustStore === undefined
        ? undefined
        : { path: trustStore, password: values.truststorePassword ?? defaults.truststorePassword },
    protocols: choiceOf(values.includeProtocols, values.excludeProtocols, defaults.protocols),
    cipherSuites: choiceOf(values.includeCipherSuites, values.excludeCipherSuites, defaults.cipherSuites)
  }
}

function choiceOf(include: readonly string[], exclude: readonly string[], otherwise: NameChoice): NameChoice {
  return {
    include: include.length > 0 ? include : otherwise.include,
    exclude: exclude.length > 0 ? exclude : otherwise.exclude
  }
}

function included(key: string, known: readonly string[], doc: string): Setting<readonly string[]> {
  return names(key, doc, name => known.includes(name), `There are: ${known.join(' ')}.`)
}

/** Names of what is never used are common here. */
function excluded(key: string, doc: string): Setting<readonly string[]> {
  return names(key, doc, name => /^(SSL|TLS)[\w.]+$/.test(name), "Write Java's names.")
}

function names(
  key: string,
  doc: string,
  makesSense: (name: string) => boolean,
  hint: string
): Setting<readonly string[]> {
  const words = list(key, { doc: `${doc} Blanks or commas between them.`, default: [], separator: /[\s,]+/ })
  return {
    ...words,
    parse: given => {
      const parsed = words.parse(given)
      if ('problem' in parsed) return parsed
      const strange = parsed.value.filter(name => !makesSense(name))
      if (strange.length === 0) return parsed
      return { ...parsed, remark: { problem: `names ${strange.join(', ')}, of no effect here`, hint } }
    }
  }
}
