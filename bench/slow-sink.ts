import { mkdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { configuration, fileRoll, startAgent } from './harness/agent.ts'
import { linesBytes } from './harness/lines.ts'
import { LoadClient } from './harness/load-client.ts'
import { OutputFiles } from './harness/output-files.ts'
import { freePort, Scratch } from './harness/scratch.ts'
import type { Bench, Question } from './question.ts'

const BUDGET_MEGABYTES = 100
const HELD_UP_MS = 3000
const STALL_MS = 30_000
/** Enough to fill the budget. */
const LEAST_LINES = 1_500_000

/** How much memory a flood takes while the sink cannot write, and whether all of it arrives once it can. */
export const slowSink: Question = {
  names: { 'slow-sink': 'a flood while the sink cannot write; then it can' },
  async answer(bench) {
    const { peakMegabytes, problem } = await flood(bench)
    return {
      title: `A flood into a channel with byteCapacity ${BUDGET_MEGABYTES} MB whose file_roll sink has no folder for a while`,
      table: [
        ['', 'MB'],
        ['peak memory', peakMegabytes.toFixed(0)]
      ],
      bars: [
        {
          what: 'slow-sink: peak memory',
          value: peakMegabytes,
          limit: BUDGET_MEGABYTES + 80,
          sense: 'at most',
          unit: 'MB'
        }
      ],
      ratios: {},
      problems: problem === undefined ? [] : [`slow-sink: ${problem}`]
    }
  }
}

async function flood(bench: Bench): Promise<{ peakMegabytes: number; problem: string | undefined }> {
  using scratch = new Scratch()
  const port = await freePort()
  const output = scratch.file('output')
  const channel = {
    capacity: 100_000_000,
    transactionCapacity: 10_000,
    byteCapacity: BUDGET_MEGABYTES * 1e6,
    'keep-alive': 60
  }
  const source = { 'ack-every-event': false }
  const agent = await startAgent(
    scratch,
    port,
    configuration(port, { source, channel, sink: fileRoll(output) })
  )
  try {
    const lines = Math.max(bench.lines, LEAST_LINES)
    await using client = new LoadClient(bench.load, [port, 1, lines, 'blast'].map(String))
    await client.event('ready')
    client.go()
    await sleep(HELD_UP_MS)
    mkdirSync(output)
    bench.progress('slow-sink: the folder is there now')
    const files = new OutputFiles(output)
    await files.reach(linesBytes(lines), STALL_MS)
    const { peakMegabytes } = agent.figures()
    return { peakMegabytes, problem: (await files.check(1)).finish(lines) }
  } finally {
    await agent.stop()
  }
}
