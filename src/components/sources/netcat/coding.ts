import { AgentError } from '../../../core/errors.ts'
import { charset, type Charset } from '../../../java/charset.ts'

const LF = 0x0a
/** Longest character of any charset, in bytes: a longer rest without LF is decoded as it stands. */
const LONGEST_REST = 64 * 1024

/** Turns the bytes of one connection into UTF-8, across chunks. */
export interface Decoder {
  decode(chunk: Buffer): Buffer
  /** Bytes that wait for the end of their line. */
  readonly held: number
}

/** How one source's lines and answers are encoded. */
export interface Coding {
  /** Undefined where the bytes are UTF-8 already. */
  newDecoder(): Decoder | undefined
  encode(answer: string): Buffer
  /** Starts each connection's answers: a byte order mark where the charset has one. */
  readonly mark: Buffer
}

/** For a Java charset name. Throws ERR_CONFIG for one that is not known. */
export function codingOf(name: string): Coding {
  const found = charset(name)
  if (found === undefined)
    throw new AgentError('ERR_CONFIG', `encoding is "${name}", which is not a character set.`)
  // A charset that writes a mark writes it once for each text: what two texts have more than one text twice as long.
  const markBytes = 2 * found.encode('a').length - found.encode('aa').length
  return {
    newDecoder: () => (found.name === 'UTF-8' ? undefined : newDecoder(found)),
    encode: answer => found.encode(answer).subarray(markBytes),
    mark: found.encode('a').subarray(0, markBytes)
  }
}

function newDecoder(found: Charset): Decoder {
  if (found.width === 1) return { decode: chunk => Buffer.from(found.decode(chunk)), held: 0 }
  let decode = found.width === 0 ? found.decode : undefined
  let rest = Buffer.alloc(0)
  return {
    get held() {
      return rest.length
    },
    decode: chunk => {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      const end = wholeEnd(bytes, found.width)
      rest = Buffer.from(bytes.subarray(end))
      if (end === 0) return bytes.subarray(0, 0)
      // The first bytes may be a mark that says the order for all that follow.
      decode ??= continued(found, bytes)
      return Buffer.from(decode(bytes.subarray(0, end)))
    }
  }
}

/** How many bytes can be decoded by themselves. */
function wholeEnd(bytes: Buffer, width: Charset['width']): number {
  if (width !== 0) return bytes.length - (bytes.length % width)
  const end = bytes.lastIndexOf(LF) + 1
  return bytes.length - end > LONGEST_REST ? bytes.length : end
}

/** The decoder for a stream that begins with `first`, which leaves its mark out wherever the stream is cut. */
function continued(found: Charset, first: Buffer): (bytes: Buffer) => string {
  const little = (first[0] === 0xff && first[1] === 0xfe) || found.name.includes('LE')
  const plain = charset(`UTF-${found.width * 8}${little ? 'LE' : 'BE'}`) ?? found
  const readsMark = found.name !== plain.name
  let begun = false
  return bytes => {
    const text = plain.decode(bytes)
    const marked = readsMark && !begun && text.startsWith('\uFEFF')
    begun = true
    return marked ? text.slice(1) : text
  }
}
