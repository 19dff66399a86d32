/** A peer's address as Java shows it: IPv4 also where it came over an IPv6 socket. */
export function peerAddress(address: string): string {
  return /^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(address) ? address.slice('::ffff:'.length) : address
}
