import type { SecureContextOptions, SecureVersion } from 'node:tls'
import { AgentError } from '../../core/errors.ts'
import type { NameChoice, TlsOptions } from './tls-options.ts'

/** Java's protocols that are on by default, there and here, the oldest first. */
const PROTOCOLS: readonly SecureVersion[] = ['TLSv1.2', 'TLSv1.3']

/** Cipher suites of TLSv1.3 that are on by default in Java, in its order; OpenSSL calls them the same. */
const SUITES_OF_1_3 = ['TLS_AES_256_GCM_SHA384', 'TLS_AES_128_GCM_SHA256', 'TLS_CHACHA20_POLY1305_SHA256']

/** Those of TLSv1.2 that both can, in Java's order: what `openssl ciphers -stdname` tells, without DSS. */
const SUITES_OF_1_2 = [
  'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
  'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
  'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256',
  'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
  'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256',
  'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
  'TLS_DHE_RSA_WITH_AES_256_GCM_SHA384',
  'TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256',
  'TLS_DHE_RSA_WITH_AES_128_GCM_SHA256',
  'TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384',
  'TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384',
  'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256',
  'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256',
  'TLS_DHE_RSA_WITH_AES_256_CBC_SHA256',
  'TLS_DHE_RSA_WITH_AES_128_CBC_SHA256',
  'TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA',
  'TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA',
  'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA',
  'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA',
  'TLS_DHE_RSA_WITH_AES_256_CBC_SHA',
  'TLS_DHE_RSA_WITH_AES_128_CBC_SHA',
  'TLS_RSA_WITH_AES_256_GCM_SHA384',
  'TLS_RSA_WITH_AES_128_GCM_SHA256',
  'TLS_RSA_WITH_AES_256_CBC_SHA256',
  'TLS_RSA_WITH_AES_128_CBC_SHA256',
  'TLS_RSA_WITH_AES_256_CBC_SHA',
  'TLS_RSA_WITH_AES_128_CBC_SHA'
]

/** Names that can be included or excluded; others are of no effect, as in Java. */
export const KNOWN_PROTOCOLS: readonly string[] = PROTOCOLS
export const KNOWN_SUITES: readonly string[] = [...SUITES_OF_1_3, ...SUITES_OF_1_2]

/** OpenSSL's name of a suite in KNOWN_SUITES. */
export function openSslName(suite: string): string {
  const [, exchange, cipher] = /^TLS_(\w+)_WITH_(\w+)$/.exec(suite) ?? []
  if (exchange === undefined || cipher === undefined) return suite
  const short = cipher
    .replace(/^AES_(\d+)/, 'AES$1')
    .replace('_CBC', '')
    .replace('_POLY1305_SHA256', '_POLY1305')
  return (exchange === 'RSA' ? short : `${exchange}_${short}`).replaceAll('_', '-')
}

/** What Node must be told for these protocols and cipher suites. Throws ERR_CONFIG when no handshake could succeed. */
export function versionsOf({
  protocols,
  cipherSuites
}: Pick<TlsOptions, 'protocols' | 'cipherSuites'>): SecureContextOptions {
  const suites = chosen(KNOWN_SUITES, cipherSuites)
  const versions = chosen(PROTOCOLS, protocols).filter(version =>
    suites.some(suite => SUITES_OF_1_3.includes(suite) === (version === 'TLSv1.3'))
  )
  const [minVersion] = versions
  const maxVersion = versions.at(-1)
  if (minVersion === undefined || maxVersion === undefined) {
    throw new AgentError('ERR_CONFIG', 'The protocols and cipher suites leave nothing to speak.', {
      hint: `There are ${PROTOCOLS.join(', ')}, and suites by Java's names, such as ${SUITES_OF_1_3[0]}.`
    })
  }
  const all = suites.length === KNOWN_SUITES.length
  return { minVersion, maxVersion, ...(all ? {} : { ciphers: suites.map(openSslName).join(':') }) }
}

function chosen<Name extends string>(
  all: readonly Name[],
  { include, exclude }: NameChoice
): readonly Name[] {
  const included = include.length === 0 ? all : all.filter(name => include.includes(name))
  return included.filter(name => !exclude.includes(name))
}
