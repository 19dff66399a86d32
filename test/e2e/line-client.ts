import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { until } from './watched-agent.ts'

/** A client of a netcat source that counts its answers. */
export class LineClient implements Disposable {
  readonly socket: Socket
  /** Lines answered with OK. */
  oks = 0
  /** All other answers. */
  readonly refusals: string[] = []
  /** The agent has ended the connection. */
  closed = false
  #rest = ''

  private constructor(socket: Socket) {
    this.socket = socket
    socket.setNoDelay(true).setEncoding('latin1')
    socket.on('data', (text: string) => this.#heard(text))
    socket.on('error', () => undefined)
    socket.on('close', () => {
      this.closed = true
    })
  }

  /** Resolves once connected. */
  static async dial(port: number): Promise<LineClient> {
    const client = new LineClient(connect({ port, host: '127.0.0.1' }))
    await once(client.socket, 'connect')
    return client
  }

  get answers(): number {
    return this.oks + this.refusals.length
  }

  /** Resolves when the socket takes more, or is closed. */
  async send(bytes: string | Buffer): Promise<void> {
    if (this.closed || this.socket.write(bytes)) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.socket.once('drain', resolve).once('close', resolve)
    await promise
    this.socket.off('drain', resolve).off('close', resolve)
  }

  /** Resolves once so many lines were answered in all. */
  async answered(lines: number): Promise<void> {
    await until(
      () => this.answers >= lines || this.closed,
      () => `${this.answers} answers of ${lines}`
    )
  }

  /** Sends a text again and again, `times` at most, until the connection ends; resolves to how often. */
  async flood(text: string, times: number): Promise<number> {
    let sent = 0
    for (; sent < times && !this.closed; sent++) await this.send(text)
    return sent
  }

  /** Resolves once the agent takes nothing more for a while. */
  async stuck(): Promise<void> {
    let written = -1
    let looks = 0
    await until(() => {
      const taken = this.socket.bytesWritten - this.socket.writableLength
      looks = taken === written ? looks + 1 : 0
      written = taken
      return looks === LOOKS_WHEN_STUCK
    })
  }

  /** Sends nothing more and resolves once the agent has answered everything and ended the connection. */
  async finish(): Promise<void> {
    this.socket.end()
    await until(
      () => this.closed,
      () => `open after ${this.answers} answers`
    )
  }

  [Symbol.dispose](): void {
    this.socket.destroy()
  }

  #heard(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line === 'OK') this.oks++
      else this.refusals.push(line)
    }
  }
}

/** Sends everything on a connection of its own and resolves once it was answered and the connection has ended. */
export async function converse(port: number, bytes: string | Buffer): Promise<LineClient> {
  const client = await LineClient.dial(port)
  await client.send(bytes)
  await client.finish()
  return client
}

/** Lines of about 100 bytes that tell their number. */
export function numbered(from: number, count: number): string {
  let text = ''
  for (let i = from; i < from + count; i++) text += `line ${String(i).padStart(9, '0')} ${PADDING}\n`
  return text
}

/** The numbers of lines made by numbered(); NaN for a line that is damaged. */
export function numbersOf(lines: readonly string[]): number[] {
  return lines.map(line =>
    line.length === LINE_LENGTH && line.endsWith(PADDING) ? Number(line.slice(5, 14)) : Number.NaN
  )
}

/** 0, 1 … `end` - 1. */
export function upTo(end: number): number[] {
  return Array.from({ length: end }, (_, number) => number)
}

/** A look is made every 10 ms or so. */
const LOOKS_WHEN_STUCK = 30
const PADDING = 'x'.repeat(85)
const LINE_LENGTH = 5 + 9 + 1 + PADDING.length
