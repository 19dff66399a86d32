import type { Environment } from '../../core/contracts.ts'
import type { NameChoice } from './tls-options.ts'

/** What holds for every component that does not say otherwise. */
export interface TlsDefaults {
  readonly keystore: string | undefined
  readonly keystorePassword: string | undefined
  readonly truststore: string | undefined
  readonly truststorePassword: string | undefined
  readonly protocols: NameChoice
  readonly cipherSuites: NameChoice
}

/**
 * Flume's: system properties (`-Djavax.net.ssl.keyStore=…`), and environment variables (`FLUME_SSL_KEYSTORE_PATH`) for those
 * that are not set. They never switch TLS on. Types are not asked for: the content says what it is.
 */
export function tlsDefaults({ properties, variables }: Environment): TlsDefaults {
  const value = (property: string, variable: string): string | undefined =>
    properties[property] ?? variables[`FLUME_SSL_${variable}`]
  const names = (property: string, variable: string): readonly string[] =>
    wordsOf(value(property, variable) ?? '')
  return {
    keystore: value('javax.net.ssl.keyStore', 'KEYSTORE_PATH'),
    keystorePassword: value('javax.net.ssl.keyStorePassword', 'KEYSTORE_PASSWORD'),
    truststore: value('javax.net.ssl.trustStore', 'TRUSTSTORE_PATH'),
    truststorePassword: value('javax.net.ssl.trustStorePassword', 'TRUSTSTORE_PASSWORD'),
    protocols: {
      include: names('flume.ssl.include.protocols', 'INCLUDE_PROTOCOLS'),
      exclude: names('flume.ssl.exclude.protocols', 'EXCLUDE_PROTOCOLS')
    },
    cipherSuites: {
      include: names('flume.ssl.include.cipherSuites', 'INCLUDE_CIPHERSUITES'),
      exclude: names('flume.ssl.exclude.cipherSuites', 'EXCLUDE_CIPHERSUITES')
    }
  }
}

function wordsOf(text: string): readonly string[] {
  return text.split(/[\s,]+/).filter(word => word !== '')
}
