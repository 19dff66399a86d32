import { AgentError } from '../../../core/errors.ts'
import { charset } from '../../../java/charset.ts'

/** Turns the bytes of one connection into UTF-8, across chunks; keeps at most the bytes of one character. */
type Decoder = (chunk: Buffer) => Buffer

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
    newDecoder: () => {
      if (found.name === 'UTF-8') return undefined
      const decode = found.newDecoder()
      return chunk => Buffer.from(decode(chunk))
    },
    encode: answer => found.encode(answer).subarray(markBytes),
    mark: found.encode('a').subarray(0, markBytes)
  }
}
