import { EventBatch } from '../src/core/batch.ts'
import { BatchBuilder } from '../src/core/batch-builder.ts'
import type { Answer, Question } from './question.ts'
import { measureAll } from './harness/measure-calls.ts'

const EVENTS = 10_000
const BODY_BYTES = 120
const NEWLINE = 10
const TIMES_PER_CALL = 'per call'

/** What the basic moves of a batch cost. */
export const batch: Question = {
  names: { batch: 'what the basic moves of a batch cost, in ns' },
  async answer(): Promise<Answer> {
    const costs = await measureAll(moves(), EVENTS)
    return {
      title: `Batch of ${EVENTS} events with bodies of ${BODY_BYTES} bytes`,
      table: [
        ['', 'ns'],
        ...costs.map(({ what, nanoseconds }) => [what, nanoseconds.toFixed(nanoseconds < 10 ? 1 : 0)])
      ],
      bars: [],
      ratios: {},
      problems: []
    }
  }
}

type Moves = Readonly<Record<string, () => number | Promise<number>>>

function moves(): Moves {
  const chunk = chunkOfLines()
  const lines = adopt(chunk)
  return { ...reading(lines), ...copying(lines), ...building(lines, chunk), ...waiting() }
}

function chunkOfLines(): Buffer {
  const chunk = Buffer.allocUnsafeSlow(EVENTS * (BODY_BYTES + 1))
  for (let i = 0; i < EVENTS; i++) {
    chunk.fill(97 + (i % 26), i * (BODY_BYTES + 1), (i + 1) * (BODY_BYTES + 1) - 1)
    chunk[(i + 1) * (BODY_BYTES + 1) - 1] = NEWLINE
  }
  return chunk
}

function adopt(chunk: Buffer): EventBatch {
  const starts: number[] = []
  const ends: number[] = []
  let at = 0
  for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, at)) {
    starts.push(at)
    ends.push(end)
    at = end + 1
  }
  return new EventBatch(chunk, Uint32Array.from(starts), Uint32Array.from(ends))
}

function reading(lines: EventBatch): Moves {
  return {
    'index loop over starts and ends': () => {
      let sum = 0
      for (let i = 0; i < lines.length; i++) sum += lines.size(i)
      return sum
    },
    'for…of, reading sizes': () => {
      let sum = 0
      for (const event of lines) sum += event.size
      return sum
    },
    'withHeader, one header for all': () => lines.withHeader('host', 'web-1').length,
    'filter, half kept': () => lines.filter(i => i % 2 === 0).length,
    isSeparatedBy: () => Number(lines.isSeparatedBy(NEWLINE)),
    'event.body': () => {
      let sum = 0
      for (const event of lines) sum += event.body.length
      return sum
    },
    'event.text': () => {
      let sum = 0
      for (const event of lines) sum += event.text.length
      return sum
    }
  }
}

function copying(lines: EventBatch): Moves {
  const out = Buffer.allocUnsafeSlow(EVENTS * (BODY_BYTES + 1))
  return {
    copyTo: () => {
      let at = 0
      for (let i = 0; i < lines.length; i++) at = lines.copyTo(i, out, at)
      return at
    },
    'copy by subarray and set': () => {
      let at = 0
      for (let i = 0; i < lines.length; i++) {
        const body = lines.body(i)
        out.set(body, at)
        at += body.length
      }
      return at
    },
    compact: () => lines.compact().length
  }
}

function building(lines: EventBatch, chunk: Buffer): Moves {
  const body = lines.body(0)
  const headers = { host: 'web-1' }
  return {
    'adopting a chunk of lines, offsets only': () => adopt(chunk).length,
    'BatchBuilder.add of bytes': () => {
      const builder = new BatchBuilder(chunk.length)
      for (let i = 0; i < EVENTS; i++) builder.add(body)
      return builder.build().length
    },
    'BatchBuilder.add of bytes and a header': () => {
      const builder = new BatchBuilder(chunk.length)
      for (let i = 0; i < EVENTS; i++) builder.add(body, headers)
      return builder.build().length
    },
    'an object with a header map per event': () => {
      const events: { headers: Map<string, string>; body: Buffer }[] = []
      for (let i = 0; i < EVENTS; i++)
        events.push({ headers: new Map([['host', 'web-1']]), body: lines.body(i) })
      return events.length
    }
  }
}

function waiting(): Moves {
  const nothing = { async [Symbol.asyncDispose]() {} }
  return {
    [`await, ${TIMES_PER_CALL}`]: async () => {
      let sum = 0
      for (let i = 0; i < EVENTS; i++) sum += await Promise.resolve(i)
      return sum
    },
    [`await using, ${TIMES_PER_CALL}`]: async () => {
      let sum = 0
      for (let i = 0; i < EVENTS; i++) {
        await using held = nothing
        sum += held === nothing ? 1 : 0
      }
      return sum
    }
  }
}
