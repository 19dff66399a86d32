import { setTimeout as sleep } from 'node:timers/promises'
import { configuration, startAgent } from './harness/agent.ts'
import { LoadClient } from './harness/load-client.ts'
import { freePort, Scratch } from './harness/scratch.ts'
import type { Bench, Question } from './question.ts'

const RATE = 1000
const SECONDS = 10

/** How long a line takes from the socket to the file with the default settings of every component. */
export const latency: Question = {
  names: { latency: `line sent to line in the file, ${RATE} lines/s and after idling; default settings` },
  async answer(bench) {
    using scratch = new Scratch()
    const port = await freePort()
    const output = scratch.folder('output')
    const sink = { type: 'file_roll', 'sink.directory': output }
    const agent = await startAgent(scratch, port, configuration(port, { sink }))
    try {
      const steady = await timesOf(bench, { port, output, lines: RATE * SECONDS, afterMs: 1000 })
      bench.progress(`latency: idling for ${bench.idleSeconds} s`)
      const first = await timesOf(bench, { port, output, lines: 1, afterMs: bench.idleSeconds * 1000 })
      return {
        title: `Line sent to line in the file, default settings, ${SECONDS} s at ${RATE} lines/s and after ${bench.idleSeconds} idle seconds`,
        table: [
          ['', 'ms'],
          ['p50', steady.p50.toFixed(2)],
          ['p99', steady.p99.toFixed(2)],
          ['slowest', steady.max.toFixed(2)],
          ['first line after idling', first.max.toFixed(2)]
        ],
        bars: [
          { what: 'latency: p50', value: steady.p50, limit: 3, sense: 'at most', unit: 'ms' },
          { what: 'latency: p99', value: steady.p99, limit: 15, sense: 'at most', unit: 'ms' },
          {
            what: 'latency: first line after idling',
            value: first.max,
            limit: 15,
            sense: 'at most',
            unit: 'ms'
          }
        ],
        ratios: {},
        problems: []
      }
    } finally {
      await agent.stop()
    }
  }
}

interface Steps {
  readonly port: number
  readonly output: string
  readonly lines: number
  readonly afterMs: number
}

async function timesOf(
  bench: Bench,
  { port, output, lines, afterMs }: Steps
): Promise<{ p50: number; p99: number; max: number }> {
  await using client = new LoadClient(bench.load, [port, 1, lines, 'latency', RATE, output].map(String))
  await client.event('ready')
  await sleep(afterMs)
  client.go()
  const { p50 = NaN, p99 = NaN, max = NaN } = await client.event('latency')
  return { p50: p50 / 1e6, p99: p99 / 1e6, max: max / 1e6 }
}
