import { setting, type Common, type Parsed, type Setting } from '../core/schema.ts'

/** Where something listens. */
export interface Endpoint {
  /** A name or an address; IPv6 without brackets, as `net.connect` takes it. */
  readonly host: string
  readonly port: number
}

type EndpointOptions = Omit<Common<never>, 'default'> & {
  /** For texts without a port; without it, a port is required. */
  readonly defaultPort?: number
}

const HOST_AND_PORT = /^(?:\[([0-9a-f:.]+(?:%[\w.-]+)?)\]|([^\s:[\]@/?#,]+))(?::(\d{1,5}))?$/i
const HINT = 'Write host:port, an IPv6 address as [::1]:port.'

/** `host:port`, or `[::1]:port`. */
export function endpointText({ host, port }: Endpoint): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** One host and port. */
export function endpoint(key: string, options: EndpointOptions): Setting<Endpoint> {
  return setting<Endpoint>(key, 'endpoint', options, given => {
    const value = endpointOf(given.trim(), options.defaultPort)
    return value === undefined ? wrong(given) : { value }
  })
}

/** Hosts and ports, separated by commas or blanks, at least one, none twice. */
export function endpoints(key: string, options: EndpointOptions): Setting<readonly Endpoint[]> {
  return setting<readonly Endpoint[]>(key, 'endpoints', options, given => {
    const value: Endpoint[] = []
    for (const word of given.split(/[\s,]+/).filter(part => part !== '')) {
      const one = endpointOf(word, options.defaultPort)
      if (one === undefined) return wrong(word)
      if (value.some(known => endpointText(known) === endpointText(one)))
        return { problem: `names ${word} twice`, hint: 'Name each host and port once.', code: 'BAD_VALUE' }
      value.push(one)
    }
    return value.length === 0 ? wrong(given) : { value }
  })
}

/** `host:port`, `10.0.0.1:port` or `[::1]:port`; undefined for anything else. */
export function endpointOf(text: string, defaultPort: number | undefined): Endpoint | undefined {
  const match = HOST_AND_PORT.exec(text)
  const host = match?.[1] ?? match?.[2]
  const port = match?.[3] === undefined ? defaultPort : Number(match[3])
  if (host === undefined || port === undefined || port < 1 || port > 65535) return undefined
  return match?.[1] !== undefined && !host.includes(':') ? undefined : { host, port }
}

function wrong(given: string): Parsed<never> {
  return { problem: `has "${given}", which is no host and port`, hint: HINT, code: 'BAD_VALUE' }
}
