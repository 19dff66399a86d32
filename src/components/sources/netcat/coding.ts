import { AgentError } from '../../../core/errors.ts'
import { charset } from '../../../java/charset.ts'

/** How one source's lines and answers are encoded. */
export interface Coding {
  /** Turns one connection's bytes into UTF-8, across chunks; undefined where they are UTF-8 already. */
  newDecoder (): ((chunk: Buffer) => Buffer) | undefined
  encode (answer: string): Buffer
  /** `OK` and a newline, `count` times. */
  oks (count: number): Buffer
}

/** For a Java character set name. Throws ERR_CONFIG for one that is not known. */
export function codingOf (name: string): Coding {
  const found = charset(name)
  if (found === undefined) throw new AgentError('ERR_CONFIG', `encoding is "${name}", which is not a character set.`)
  const oks = new Map<number, Buffer>()
  return {
    newDecoder: () => newDecoder(found),
    encode: answer => found.encode(answer),
    oks: count => {
      const known = oks.get(count) ?? found.encode('OK\n'.repeat(count))
      oks.set(count, known)
      return known
    }
  }
}

function newDecoder (found: NonNullable<ReturnType<typeof charset>>): ((chunk: Buffer) => Buffer) | undefined {
  if (found.name === 'UTF-8') return undefined
  const decode = found.newStreamDecoder()
  return chunk => Buffer.from(decode(chunk))
}
