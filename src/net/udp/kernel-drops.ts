import { readdir, readFile, readlink } from 'node:fs/promises'
import { endianness } from 'node:os'
import { addressBytes } from '../peer-address.ts'

/** Reads the kernel's tables; undefined where there are none. */
export type ReadTable = (path: string) => Promise<string | undefined>

/** A UDP socket of this process. */
export interface UdpAddress {
  readonly address: string
  readonly port: number
}

const TABLES = { 4: '/proc/net/udp', 6: '/proc/net/udp6' } as const

/**
 * Datagrams that the kernel dropped for one socket since it was opened, exactly, from /proc/net/udp:
 *   sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode ref pointer drops
 * Elsewhere than on Linux nobody tells, and nothing is known.
 */
export class KernelDrops {
  readonly #table: string
  readonly #inode: string
  readonly #read: ReadTable

  private constructor(table: string, inode: string, read: ReadTable) {
    this.#table = table
    this.#inode = inode
    this.#read = read
  }

  /** Finds the socket: bound to that address, and ours. Undefined where that cannot be found out. */
  static async of(
    { address, port }: UdpAddress,
    read: ReadTable = readTable
  ): Promise<KernelDrops | undefined> {
    const table = TABLES[address.includes(':') ? 6 : 4]
    const local = `${hexAddress(address)}:${port.toString(16).toUpperCase().padStart(4, '0')}`
    const rows = rowsOf(await read(table)).filter(row => row[1] === local)
    const own = await ownInodes()
    const inode = rows.map(row => row[9] ?? '').find(found => own.has(found))
    return inode === undefined ? undefined : new KernelDrops(table, inode, read)
  }

  /** How many so far; undefined once the socket is closed. */
  async count(): Promise<number | undefined> {
    const row = rowsOf(await this.#read(this.#table)).find(found => found[9] === this.#inode)
    const drops = row?.[12]
    return drops === undefined ? undefined : Number(drops)
  }
}

/** An address as the tables have it: four bytes at a time, as numbers of this machine. */
export function hexAddress(address: string): string {
  const words = Buffer.from(addressBytes(address))
  if (endianness() === 'LE') words.swap32()
  return words.toString('hex').toUpperCase()
}

function rowsOf(table: string | undefined): readonly (readonly string[])[] {
  return (table ?? '')
    .split('\n')
    .slice(1)
    .map(line => line.trim().split(/\s+/))
}

/** Inodes of the sockets of this process. */
async function ownInodes(): Promise<ReadonlySet<string>> {
  const folder = '/proc/self/fd'
  const names = await readdir(folder).catch(() => [])
  const links = await Promise.all(names.map(name => readlink(`${folder}/${name}`).catch(() => '')))
  return new Set(links.map(link => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? ''))
}

async function readTable(path: string): Promise<string | undefined> {
  return await readFile(path, 'latin1').catch(() => undefined)
}
