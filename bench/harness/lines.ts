/**
 * The lines that the load generators send; load.c writes the same.
 *   "c" and 3 digits  connection   " " and 10 digits  sequence number on it, from 0   " "
 *   printable filler, then a newline: 96 to 156 bytes in all, 126 on average
 */
const PREFIX_BYTES = 16
const NEWLINE = 10
const SHORTEST = 96
const PERIOD = 61

const FILLER = Buffer.from(Array.from({ length: 256 }, (_, i) => 33 + ((i * 37 + (i >> 3)) % 94)))

/** Length of a line, its newline included. */
export function lineBytes(sequence: number): number {
  return SHORTEST + ((sequence * 31) % PERIOD)
}

/** Length of the first `lines` lines of a connection. */
export function linesBytes(lines: number): number {
  let bytes = 0
  for (let i = 0; i < lines; i++) bytes += lineBytes(i)
  return bytes
}

/** All lines of one connection. */
export function makeLines(connection: number, lines: number): Buffer {
  const out = Buffer.allocUnsafeSlow(linesBytes(lines))
  const start = `c${String(connection).padStart(3, '0')} `
  let at = 0
  for (let i = 0; i < lines; i++) {
    const end = at + lineBytes(i)
    out.write(`${start}${String(i).padStart(10, '0')} `, at, 'latin1')
    FILLER.copy(out, at + PREFIX_BYTES, i & 63, (i & 63) + end - at - PREFIX_BYTES - 1)
    out[end - 1] = NEWLINE
    at = end
  }
  return out
}

/** Looks at lines as they arrived: each one once, whole, in the order of its connection. */
export class LineCheck {
  /** Lines seen so far. */
  lines = 0
  /** The first thing that was wrong. */
  problem: string | undefined
  readonly #next: number[]
  #rest = Buffer.alloc(0)

  constructor(connections: number) {
    this.#next = new Array<number>(connections).fill(0)
  }

  /** Lines seen of one connection. */
  seen(connection: number): number {
    return this.#next[connection] ?? 0
  }

  /** Takes the next bytes; lines may be cut anywhere. */
  add(chunk: Buffer): void {
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk
    let at = 0
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, at)) {
      this.#line(bytes, at, end)
      at = end + 1
    }
    this.#rest = Buffer.from(bytes.subarray(at))
  }

  /** Call at the end: what is wrong, or undefined when `perConnection` lines came of every connection. */
  finish(perConnection: number): string | undefined {
    if (this.#rest.length > 0) this.#wrong(`${this.#rest.length} bytes without newline at the end`)
    this.#next.forEach((seen, connection) => {
      if (seen !== perConnection) this.#wrong(`connection ${connection}: ${seen} of ${perConnection} lines`)
    })
    return this.problem
  }

  #line(bytes: Buffer, start: number, end: number): void {
    this.lines++
    const connection = digits(bytes, start + 1, start + 4)
    const sequence = digits(bytes, start + 5, start + 15)
    const expected = this.#next[connection]
    if (expected === undefined) return this.#wrong(`line ${this.lines}: connection ${connection} is unknown`)
    if (sequence !== expected) {
      this.#wrong(
        `line ${this.lines}: connection ${connection} goes on with ${sequence} instead of ${expected}`
      )
    }
    this.#next[connection] = sequence + 1
    const length = end - start + 1
    if (length !== lineBytes(sequence)) return this.#wrong(`line ${this.lines}: ${length} bytes`)
    const from = sequence & 63
    if (FILLER.compare(bytes, start + PREFIX_BYTES, end, from, from + length - PREFIX_BYTES - 1) !== 0) {
      this.#wrong(`line ${this.lines}: other bytes than were sent`)
    }
  }

  #wrong(problem: string): void {
    this.problem ??= problem
  }
}

function digits(bytes: Buffer, from: number, to: number): number {
  let value = 0
  for (let i = from; i < to; i++) value = value * 10 + (bytes[i] ?? 0) - 48
  return value
}
