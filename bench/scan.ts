import { LineCheck, makeLines } from './harness/lines.ts'
import { measureAll } from './harness/measure-calls.ts'
import type { Answer, Question } from './question.ts'

const LINES = 10_000
const NEWLINE = 10

/** What finding the ends of lines costs. */
export const scan: Question = {
  names: { scan: 'what finding the ends of lines costs, in ns' },
  async answer(): Promise<Answer> {
    const chunk = makeLines(0, LINES)
    const ends = new Uint32Array(LINES)
    const costs = await measureAll(
      {
        'Buffer.indexOf': () => {
          let found = 0
          for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1))
            ends[found++] = at
          return found
        },
        'loop over bytes': () => {
          let found = 0
          for (let at = 0; at < chunk.length; at++) if (chunk[at] === NEWLINE) ends[found++] = at
          return found
        },
        'split of the decoded text': () => chunk.toString('utf8').split('\n').length,
        'the check of this bench': () => {
          const check = new LineCheck(1)
          check.add(chunk)
          return check.lines
        }
      },
      LINES
    )
    return {
      title: `${LINES} lines of 126 bytes in one chunk`,
      table: [
        ['', 'ns a line', 'M lines/s'],
        ...costs.map(({ what, nanoseconds }) => [
          what,
          nanoseconds.toFixed(1),
          (1e3 / nanoseconds).toFixed(1)
        ])
      ],
      bars: [],
      ratios: {},
      problems: []
    }
  }
}
