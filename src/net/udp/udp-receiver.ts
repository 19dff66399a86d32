import { createSocket, type Socket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { BatchBuilder } from '../../core/batch-builder.ts'
import type { EventBatch } from '../../core/batch.ts'
import type { Context, Lifecycle } from '../../core/contracts.ts'
import { systemCode } from '../../core/errors.ts'
import { bytes, optional } from '../../core/schema.ts'
import type { Endpoint } from '../endpoints.ts'
import { addressText, cannotListen } from '../listen.ts'
import { peerAddress } from '../peer-address.ts'
import { rareWarning } from '../rare-warning.ts'
import { KernelDrops, type ReadTable } from './kernel-drops.ts'

/** Datagrams that wait for the taker: their bytes, and so many more for each. */
const WAITING_BYTES = 4 * 1024 * 1024
const EACH_BYTES = 64
const BUFFER_BYTES = 4 * 1024 * 1024
const LOOK_EVERY_MS = 10_000
const NO_IPV6: readonly string[] = ['EAFNOSUPPORT', 'EADDRNOTAVAIL', 'EPROTONOSUPPORT']

/** What sources that receive datagrams may be told, beside their address. */
export const udpSettings = {
  receiveBuffer: optional(
    bytes('receiveBufferSize', {
      doc: 'What the system is asked to keep of datagrams that are not read yet; 4m, as far as it grants that.',
      min: 1,
      max: 2 ** 30
    })
  )
}

export interface UdpOptions {
  /** Undefined: all addresses. */
  readonly host: string | undefined
  /** 0 picks a free one. */
  readonly port: number
  /** Undefined: much, and nothing is said when the system grants less. */
  readonly receiveBuffer: number | undefined
}

/** Datagrams in the order in which they came. */
export interface Datagrams {
  /** Their bytes, each whole, without headers. */
  readonly batch: EventBatch
  /** Each one's sender. */
  readonly senders: readonly Endpoint[]
}

export interface UdpTools extends Pick<Context, 'log' | 'clock' | 'fail'> {
  /** For tests: where the kernel's tables are read. */
  readonly readTable?: ReadTable
}

/**
 * Receives datagrams and hands them over in batches, one batch at a time: what comes meanwhile waits for the next one, 4 MiB
 * at most; what comes then is dropped and counted. What the kernel drops before is counted, too, where it tells.
 */
export class UdpReceiver implements Lifecycle {
  /** Datagrams dropped because too many waited. */
  dropped = 0
  readonly #options: UdpOptions
  readonly #take: (datagrams: Datagrams) => Promise<void>
  readonly #tools: UdpTools
  readonly #lost: {
    readonly here: ReturnType<typeof rareWarning>
    readonly kernel: ReturnType<typeof rareWarning>
  }
  #socket: Socket | undefined
  #drops: KernelDrops | undefined
  #kernelDropped: number | undefined
  /** What must be larger for fewer losses. */
  #raise: string | undefined
  #cancelLook: () => void = () => {}
  #waiting = new BatchBuilder()
  #senders: Endpoint[] = []
  #scheduled = false
  #underWay: Promise<void> | undefined

  constructor(options: UdpOptions, take: (datagrams: Datagrams) => Promise<void>, tools: UdpTools) {
    this.#options = options
    this.#take = take
    this.#tools = tools
    this.#lost = {
      here: rareWarning('Datagrams were dropped: they came faster than the channels took them.', tools),
      kernel: rareWarning('The system dropped datagrams: they came faster than they were read.', tools)
    }
  }

  /** Where it receives, once started. */
  get address(): AddressInfo | undefined {
    return this.#socket?.address()
  }

  /** Datagrams that the kernel dropped, up to the last look, which is not longer ago than 10 s; undefined: not known. */
  get kernelDropped(): number | undefined {
    return this.#kernelDropped
  }

  async start(): Promise<void> {
    if (this.#socket !== undefined) return
    const socket = await this.#bound()
    socket.on('message', (datagram, { address, port }) =>
      this.#receive(datagram, { host: peerAddress(address), port })
    )
    socket.on('error', error => this.#tools.fail(error))
    this.#askForBuffer(socket)
    this.#socket = socket
    this.#drops = await KernelDrops.of(socket.address(), this.#tools.readTable)
    await this.#look()
    this.#tools.log.info('Listening.', { address: addressText(socket.address()) })
  }

  /** Resolves once everything received was taken. */
  async stop(): Promise<void> {
    const socket = this.#socket
    if (socket === undefined) return
    this.#socket = undefined
    this.#cancelLook()
    await this.#count()
    socket.close()
    await once(socket, 'close')
    while (this.#underWay !== undefined || this.#waiting.length > 0) {
      this.#handOver()
      await this.#underWay
    }
  }

  async #bound(): Promise<Socket> {
    const { host, port } = this.#options
    try {
      if (host !== undefined) {
        const { address, family } = await lookup(host, { order: 'ipv4first' })
        return await bind(family === 6 ? 'udp6' : 'udp4', port, address)
      }
      return await bind('udp6', port, '::').catch((error: unknown) => {
        if (NO_IPV6.includes(systemCode(error) ?? '')) return bind('udp4', port, '0.0.0.0')
        throw error
      })
    } catch (error) {
      throw cannotListen(host ?? '*', port, error)
    }
  }

  #askForBuffer(socket: Socket): void {
    const asked = this.#options.receiveBuffer ?? BUFFER_BYTES
    const granted = grantedBytes(socket, asked)
    this.#raise = granted < asked ? limitToRaise(asked) : `receiveBufferSize above ${granted}`
    if (granted >= asked || this.#options.receiveBuffer === undefined) return
    this.#tools.log.warn('The system grants a smaller receive buffer than receiveBufferSize asks for.', {
      asked,
      granted,
      raise: this.#raise
    })
  }

  #receive(datagram: Buffer, sender: Endpoint): void {
    const waiting = this.#waiting.bytes + this.#waiting.length * EACH_BYTES
    if (waiting + datagram.length + EACH_BYTES > WAITING_BYTES) {
      this.dropped++
      this.#lost.here({ address: this.#addressText() })
      return
    }
    this.#waiting.add(datagram)
    this.#senders.push(sender)
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#handOver()
    })
  }

  #handOver(): void {
    if (this.#underWay !== undefined || this.#waiting.length === 0) return
    const datagrams = { batch: this.#waiting.build(), senders: this.#senders }
    this.#senders = []
    this.#underWay = this.#take(datagrams)
      .catch((error: unknown) => this.#tools.fail(error))
      .finally(() => {
        this.#underWay = undefined
        this.#handOver()
      })
  }

  async #look(): Promise<void> {
    await this.#count()
    if (this.#socket !== undefined)
      this.#cancelLook = this.#tools.clock.after(LOOK_EVERY_MS, () => void this.#look())
  }

  async #count(): Promise<void> {
    const drops = await this.#drops?.count()
    if (drops === undefined) return
    const before = this.#kernelDropped ?? 0
    this.#kernelDropped = drops
    if (drops > before)
      this.#lost.kernel(
        {
          address: this.#addressText(),
          raise: this.#raise
        },
        drops - before
      )
  }

  #addressText(): string | undefined {
    return this.address === undefined ? undefined : addressText(this.address)
  }
}

async function bind(type: 'udp4' | 'udp6', port: number, address: string): Promise<Socket> {
  const socket = createSocket({ type })
  socket.bind({ port, address })
  await once(socket, 'listening').catch((error: unknown) => {
    socket.close()
    throw error
  })
  return socket
}

/** Asks for a buffer; how many bytes of data it takes then. Linux doubles that for its own records. */
function grantedBytes(socket: Socket, asked: number): number {
  try {
    socket.setRecvBufferSize(asked)
  } catch {
    // macOS refuses what is above its limit; the buffer stays as it was.
  }
  const size = socket.getRecvBufferSize()
  return process.platform === 'linux' ? size / 2 : size
}

function limitToRaise(bytesWanted: number): string {
  return process.platform === 'darwin'
    ? `sysctl -w kern.ipc.maxsockbuf=${2 * bytesWanted}`
    : `sysctl -w net.core.rmem_max=${bytesWanted}`
}
