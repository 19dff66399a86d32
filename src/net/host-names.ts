import { lookup, lookupService } from 'node:dns/promises'
import { hostname } from 'node:os'
import { AgentError } from '../core/errors.ts'

/**
 * Names of this host as Java's `InetAddress.getLocalHost()` has them: host name, address (IPv4 where there is one) and
 * canonical name, which is the address when nobody knows a name for it. Rejects with ERR_START.
 */
export async function hostNames(): Promise<{ localhost: string; ip: string; fqdn: string }> {
  const localhost = hostname()
  try {
    const { address: ip } = await lookup(localhost, { order: 'ipv4first' })
    return { localhost, ip, fqdn: await canonicalName(ip) }
  } catch (error) {
    throw new AgentError('ERR_START', 'Unable to get localhost', { hostname: localhost }, error)
  }
}

async function canonicalName(ip: string): Promise<string> {
  try {
    return (await lookupService(ip, 0)).hostname
  } catch {
    return ip
  }
}
