import type { Socket } from 'node:net'
import type { Clock } from '../../../core/contracts.ts'
import { newRest } from '../../../wire/lines.ts'
import type { Coding, Decoder } from './coding.ts'

/** Answers that a client does not read are held up to this many bytes; then we stop reading from it, too. */
const UNREAD_ANSWERS_BYTES = 64 * 1024
/** How long a client may take to read its last answers once we are done with it. */
const FAREWELL_MS = 500
const MANY_OKS = 4096

/** The answer to many accepted lines, to be cut to as many as there are. */
export function manyOks(coding: Coding): Buffer {
  return coding.encode('OK\n'.repeat(MANY_OKS))
}

/** One client: its unfinished line, and the answers it is owed. */
export class Connection {
  readonly rest = newRest()
  readonly socket: Socket
  /** Turns what it sends into UTF-8; undefined where that is what it sends. */
  readonly decoder: Decoder | undefined
  /** Lines taken from it that are not answered yet. */
  unsettled = 0
  /** It has said all that counts: nothing more is read. */
  finished = false
  readonly #coding: Coding
  readonly #clock: Clock
  /** Many answers of one kind behind one another. */
  readonly #oks: Buffer
  /** Why reading is paused: the channels are busy, or the client does not read its answers. */
  #busy = false
  #deaf = false
  #lastWords: string | undefined
  #mark: Buffer | undefined

  /** `oks` is what manyOks() made for the coding; all connections share it. */
  constructor(socket: Socket, { coding, oks }: { coding: Coding; oks: Buffer }, clock: Clock) {
    this.socket = socket
    this.#coding = coding
    this.#clock = clock
    this.decoder = coding.newDecoder()
    this.#oks = oks
    if (coding.mark.length > 0) this.#mark = coding.mark
    socket.setNoDelay(true)
    socket.on('drain', () => {
      this.#deaf = false
      this.#resume()
    })
  }

  /** Bytes of a line that has no end yet; none of one that is refused. */
  get unfinishedBytes(): number {
    return this.#lastWords === undefined ? this.rest.bytes + (this.decoder?.held ?? 0) : 0
  }

  /** Answers OK to `lines` lines. */
  accept(lines: number): void {
    const okBytes = this.#oks.length / MANY_OKS
    for (let left = lines; left > 0; left -= MANY_OKS) {
      this.#write(this.#oks.subarray(0, Math.min(left, MANY_OKS) * okBytes))
    }
  }

  /** Answers that `lines` lines were refused. */
  refuse(reason: string, lines: number): void {
    this.#write(this.#coding.encode(`FAILED: ${reason.replaceAll(/[\r\n]+/g, ' ')}\n`.repeat(lines)))
  }

  /** Lines were answered; ends the connection when it was only waiting for that. */
  settle(lines: number): void {
    this.unsettled -= lines
    if (this.finished && this.unsettled === 0) this.#end()
  }

  /** Reads nothing more, and ends once all lines are answered; `lastWords` is why it is refused, if it is. */
  finish(lastWords?: string): void {
    if (this.finished) return
    this.finished = true
    this.#lastWords = lastWords
    if (this.unsettled === 0) this.#end()
  }

  /** Stops reading until `goOn`. */
  hold(): void {
    this.#busy = true
    this.socket.pause()
  }

  goOn(): void {
    this.#busy = false
    this.#resume()
  }

  #write(answer: Buffer): void {
    if (this.socket.destroyed || this.socket.writableEnded) return
    if (this.#mark !== undefined) this.socket.write(this.#mark)
    this.#mark = undefined
    this.socket.write(answer)
    if (this.socket.writableLength < UNREAD_ANSWERS_BYTES || this.finished) return
    this.#deaf = true
    this.socket.pause()
  }

  #resume(): void {
    if (!this.#busy && !this.#deaf) this.socket.resume()
  }

  /** Says goodbye, throws away what still comes, and does not wait for ever. */
  #end(): void {
    if (this.#lastWords !== undefined) this.refuse(this.#lastWords, 1)
    const { socket } = this
    const cancel = this.#clock.after(FAREWELL_MS, () => socket.destroy())
    socket.once('close', cancel)
    socket.end()
    socket.resume()
  }
}
