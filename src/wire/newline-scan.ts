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
  scan(length: number, base: number, start: number): number
  longestLine(): number
}

const scanner = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(NEWLINE_SCAN, 'base64')))
  .exports as ScanExports
const foundStarts = new Uint32Array(scanner.memory.buffer, STARTS_AT, INPUT_BYTES)
const foundEnds = new Uint32Array(scanner.memory.buffer, ENDS_AT, INPUT_BYTES)

/**
 * The scanner's own memory, 64 KiB: bytes to be scanned must lie here, and may be received right into it. Whoever puts
 * bytes here uses them before anything else can run.
 */
export const SCAN_INPUT = Buffer.from(scanner.memory.buffer, 0, INPUT_BYTES)

/** Where lines begin and end; the arrays grow as needed, `count` entries are valid. */
export class LineOffsets {
  starts = new Uint32Array(1024)
  ends = new Uint32Array(1024)
  count = 0

  /**
   * Adds the lines in the first `length` bytes of SCAN_INPUT, whose last byte is an LF. Those bytes stand at `base`, and
   * the first line begins at `start`, perhaps before them. Returns the length of the longest line in bytes. About
   * 0.06 ns per byte and 4 ns per line.
   */
  scan(length: number, base: number, start: number): number {
    const found = scanner.scan(length, base, start)
    this.#reserve(found)
    this.starts.set(foundStarts.subarray(0, found), this.count)
    this.ends.set(foundEnds.subarray(0, found), this.count)
    this.count += found
    return scanner.longestLine()
  }

  #reserve(more: number): void {
    const needed = this.count + more
    if (needed <= this.starts.length) return
    const length = Math.max(needed, this.starts.length * 2)
    this.starts = grown(this.starts, length)
    this.ends = grown(this.ends, length)
  }
}

function grown(numbers: Uint32Array<ArrayBuffer>, length: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(length)
  larger.set(numbers)
  return larger
}
