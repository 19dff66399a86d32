/** Where a line of output comes from. */
export interface Origin {
  /** Who sent it: a client, or a source of one life of the agent. */
  readonly producer: string
  /** Its number among the lines of that producer, from 0. */
  readonly number: number
}

const FILLERS = Array.from({ length: 90 }, (_, length) => 'x'.repeat(length))

/** A line that says by itself whether it is whole. */
export function numberedLine(producer: string, number: number): string {
  return `${producer}:${number}:${fillerOf(number)}`
}

/** The name under which the numbers that a seq source makes in one life are known. */
export function sequenceOf(life: number): string {
  return `sequence of life ${life}`
}

/**
 * Where a line comes from: one of numberedLine(), or `{life=N} NUMBER`, a number of a seq source with the header
 * `life`. Undefined when it is neither, or not as it was sent.
 */
export function originOf(line: string): Origin | undefined {
  const plain = line.startsWith('{} ') ? line.slice(3) : line
  const first = plain.indexOf(':')
  const second = plain.indexOf(':', first + 1)
  if (first > 0 && second > 0) {
    const number = wholeNumber(plain.slice(first + 1, second))
    if (number === undefined || plain.slice(second + 1) !== fillerOf(number)) return undefined
    return { producer: plain.slice(0, first), number }
  }
  const [, life, counted] = /^\{life=(\d+)\} (\d+)$/.exec(plain) ?? []
  const number = counted === undefined ? undefined : wholeNumber(counted)
  return number === undefined ? undefined : { producer: sequenceOf(Number(life)), number }
}

function fillerOf(number: number): string {
  return FILLERS[(number * 7) % FILLERS.length] ?? ''
}

function wholeNumber(text: string): number | undefined {
  const number = Number(text)
  return String(number) === text && Number.isSafeInteger(number) && number >= 0 ? number : undefined
}
