import { NEWLINE_SCAN } from './newline-scan.wasm.ts'

const INPUT_BYTES = 64 * 1024
const STARTS_AT = INPUT_BYTES
const ENDS_AT = 5 * INPUT_BYTES

/** What is used of a global that the compiler's libraries know only for browsers. */
declare const WebAssembly: {
  Module: new (bytes: Buffer) => object
  Instance: new (module: object) => { readonly exports: unknown }
}

interface ScanExports {
  readonly memory: { readonly buffer: ArrayBuffer }
  scan (length: number, base: number, start: number): number
  longestLine (): number
  nextStart (): number
}

const scanner = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(NEWLINE_SCAN, 'base64'))).exports as ScanExports
const input = Buffer.from(scanner.memory.buffer, 0, INPUT_BYTES)
const foundStarts = new Uint32Array(scanner.memory.buffer, STARTS_AT, INPUT_BYTES)
const foundEnds = new Uint32Array(scanner.memory.buffer, ENDS_AT, INPUT_BYTES)

/** Where lines begin and end; the arrays grow as needed, `count` entries are valid. */
export class LineOffsets {
  starts: Uint32Array<ArrayBuffer>
  ends: Uint32Array<ArrayBuffer>
  count = 0

  constructor (expected = 1024) {
    this.starts = new Uint32Array(expected)
    this.ends = new Uint32Array(expected)
  }

  /**
   * Adds the lines of `bytes` from `from` up to `to`, where the last LF must stand right before `to`. Returns the
   * length of the longest in bytes. About 4 ns per line and 0.1 ns per byte.
   */
  scan (bytes: Buffer, from: number, to: number): number {
    let longest = 0
    let start = from
    for (let at = from; at < to; at += INPUT_BYTES) {
      const length = bytes.copy(input, 0, at, Math.min(to, at + INPUT_BYTES))
      const found = scanner.scan(length, at, start)
      this.#add(found)
      longest = Math.max(longest, scanner.longestLine())
      start = scanner.nextStart()
    }
    return longest
  }

  #add (found: number): void {
    const needed = this.count + found
    if (needed > this.starts.length) this.#grow(Math.max(needed, this.starts.length * 2))
    this.starts.set(foundStarts.subarray(0, found), this.count)
    this.ends.set(foundEnds.subarray(0, found), this.count)
    this.count = needed
  }

  #grow (length: number): void {
    const starts = new Uint32Array(length)
    const ends = new Uint32Array(length)
    starts.set(this.starts.subarray(0, this.count))
    ends.set(this.ends.subarray(0, this.count))
    this.starts = starts
    this.ends = ends
  }
}
