/** A peer's address as Java knows it: IPv4 also where it came over an IPv6 socket. */
export function peerAddress(address: string): string {
  return /^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(address) ? address.slice('::ffff:'.length) : address
}

/** A peer's address as Java writes it: IPv6 with all eight groups and its zone, `0:0:0:0:0:0:0:1`. */
export function javaAddress(address: string): string {
  const peer = peerAddress(address)
  if (!peer.includes(':')) return peer
  const bytes = Buffer.from(addressBytes(peer))
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16))
  const zone = /%.*$/.exec(peer)?.[0] ?? ''
  return groups.join(':') + zone
}

/** The 4 or 16 bytes of an address as Node writes it; a zone does not count. */
export function addressBytes(address: string): readonly number[] {
  const [plain = ''] = address.split('%')
  if (!plain.includes(':')) return plain.split('.').map(Number)
  const [head = '', tail] = plain.split('::')
  const first = groupsOf(head)
  const last = tail === undefined ? [] : groupsOf(tail)
  const zeros = new Array<number>(8 - first.length - last.length).fill(0)
  return [...first, ...zeros, ...last].flatMap(group => [group >> 8, group & 0xff])
}

/** Groups of 16 bits; the last two may be written as an IPv4 address. */
function groupsOf(text: string): readonly number[] {
  return text.split(':').flatMap(part => {
    if (part === '') return []
    if (!part.includes('.')) return [Number.parseInt(part, 16)]
    const [a = 0, b = 0, c = 0, d = 0] = part.split('.').map(Number)
    return [(a << 8) | b, (c << 8) | d]
  })
}
