import type { Socket } from 'node:net'
import type { Clock } from '../../../core/contracts.ts'
import { CHUNK_BYTES } from '../../../core/input-budget.ts'
import { newRest } from '../../../wire/lines.ts'
import type { Replies } from './replies.ts'

/** Answers that a client does not read are held up to this many bytes; then we stop reading from it, too. */
const UNREAD_ANSWERS_BYTES = 64 * 1024
/** How long a client may take to read its last answers once we are done with it. */
const FAREWELL_MS = 500

const NOTHING = Buffer.alloc(0)

/** One client: its unfinished line, and the answers it is owed. */
export class Connection {
  readonly rest = newRest()
  readonly socket: Socket
  /** Turns what it sends into UTF-8; undefined where that is what it sends. */
  readonly decode: ((chunk: Buffer) => Buffer) | undefined
  /** What was read and found no room. */
  kept = NOTHING
  /** Lines taken from it that are not answered yet. */
  unsettled = 0
  /** It sends nothing more; what is kept may still wait for room. */
  ended = false
  /** It has said all that counts: nothing more is read. */
  finished = false
  readonly #replies: Replies
  readonly #clock: Clock
  #deaf = false
  #lastWords: string | undefined
  #mark: Buffer | undefined
  /** Where chunks are kept; one of the usual size is used again and again. */
  #memory = NOTHING

  /** All connections share the replies. `onListening` is called when a client that was deaf reads again. */
  constructor(socket: Socket, replies: Replies, clock: Clock, onListening: () => void) {
    this.socket = socket
    this.#replies = replies
    this.#clock = clock
    this.decode = replies.coding.newDecoder()
    const { mark } = replies.coding
    if (mark.length > 0) this.#mark = mark
    socket.setNoDelay(true)
    socket.on('drain', () => {
      this.#deaf = false
      onListening()
    })
  }

  /** Bytes of a line that has no end yet. */
  get unfinishedBytes(): number {
    return this.rest.bytes
  }

  /** It does not read its answers, so nothing more is taken from it. */
  get deaf(): boolean {
    return this.#deaf
  }

  /** Answers OK to `lines` lines. */
  accept(lines: number): void {
    this.#write(this.#replies.ok(lines))
  }

  /** Answers that `lines` lines were refused. */
  refuse(reason: string, lines: number): void {
    this.#write(this.#replies.failed(reason, lines))
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
    this.kept = NOTHING
    this.#memory = NOTHING
    this.rest.held = NOTHING
    this.rest.bytes = 0
    this.#lastWords = lastWords
    if (this.unsettled === 0) this.#end()
  }

  /** Keeps a copy of what was read, behind what is kept already, and stops reading until `goOn`. */
  keep(chunk: Buffer): void {
    const bytes = this.kept.length + chunk.length
    if (bytes > this.#memory.length) {
      this.#memory = Buffer.allocUnsafeSlow(Math.max(bytes, CHUNK_BYTES))
      this.kept.copy(this.#memory)
    }
    chunk.copy(this.#memory, this.kept.length)
    this.kept = this.#memory.subarray(0, bytes)
    this.hold()
  }

  /** Moves what is kept to `input`; returns how much that is. */
  takeKept(input: Buffer): number {
    const bytes = this.kept.copy(input)
    // What does not fit the input at once was read where chunks have no bound; it moves to the front.
    this.kept = this.#memory.subarray(0, this.kept.copy(this.#memory, 0, bytes))
    if (this.kept.length === 0 && this.#memory.length > CHUNK_BYTES) this.#memory = NOTHING
    return bytes
  }

  /** Stops reading until `goOn`. */
  hold(): void {
    this.socket.pause()
  }

  goOn(): void {
    if (!this.#deaf) this.socket.resume()
  }

  #write(answers: Iterable<Buffer>): void {
    const { socket } = this
    if (socket.destroyed || socket.writableEnded) return
    if (this.#mark !== undefined) socket.write(this.#mark)
    this.#mark = undefined
    for (const answer of answers) socket.write(answer)
    if (socket.writableLength < UNREAD_ANSWERS_BYTES || this.finished) return
    this.#deaf = true
    socket.pause()
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
