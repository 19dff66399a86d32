import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import type { AddressInfo, Server } from 'node:net'
import { AgentError, messageOf, systemCode } from '../core/errors.ts'
import { endpointText } from './endpoints.ts'

const BACKLOG = 1024

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is taken by another program',
  EACCES: 'ports below 1024 need privileges',
  EADDRNOTAVAIL: 'the address does not belong to this machine',
  ENOTFOUND: 'the name is not known'
}

/**
 * Listens on a host name or address, IPv4 first as Java does; an IPv6 address may stand in brackets. Resolves to the address once bound; rejects with
 * ERR_START that says which address and why.
 */
export async function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
  try {
    const { address } = await lookup(hostOf(host), { order: 'ipv4first' })
    server.listen({ host: address, port, backlog: BACKLOG })
    await once(server, 'listening')
  } catch (error) {
    throw cannotListen(host, port, error)
  }
  return server.address() as AddressInfo
}

/** The host of a `bind` setting: an IPv6 address may stand in brackets, as in a URL. */
export function hostOf(bind: string): string {
  return /^\[(.+)\]$/.exec(bind)?.[1] ?? bind
}

/** ERR_START that says which address, and why not. */
export function cannotListen(host: string, port: number, error: unknown): AgentError {
  const reason = REASONS[systemCode(error) ?? ''] ?? messageOf(error)
  return new AgentError('ERR_START', `Cannot listen on ${host}:${port}: ${reason}.`, { host, port }, error)
}

/** `127.0.0.1:44444`, `[::1]:44444`. */
export function addressText({ address, port }: AddressInfo): string {
  return endpointText({ host: address, port })
}
