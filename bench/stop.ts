import { configuration, fileRoll, startAgent, WIDE_CHANNEL } from './harness/agent.ts'
import { LoadClient } from './harness/load-client.ts'
import { OutputFiles } from './harness/output-files.ts'
import { freePort, Scratch } from './harness/scratch.ts'
import type { Bench, Question } from './question.ts'
import { withSpread } from './statistics.ts'

/** How long a stop in the middle of a flood takes, and whether every line answered with OK is in the file. */
export const stop: Question = {
  names: { stop: 'SIGTERM in the middle of a flood of acknowledged lines' },
  async answer(bench) {
    const stops: Stop[] = []
    for (let round = 1; round <= bench.pairs; round++) {
      stops.push(await stopOnce(bench))
      bench.progress(`stop ${round} of ${bench.pairs}: ${(stops.at(-1)?.ms ?? 0).toFixed(0)} ms`)
    }
    return {
      title: `SIGTERM in a flood of acknowledged lines, ${bench.pairs} times: median (extremes)`,
      table: [
        ['', ''],
        [
          'SIGTERM to the end, ms',
          withSpread(
            stops.map(({ ms }) => ms),
            0
          )
        ],
        [
          'lines answered with OK',
          withSpread(
            stops.map(({ answered }) => answered),
            0
          )
        ],
        [
          'lines in the file',
          withSpread(
            stops.map(({ stored }) => stored),
            0
          )
        ]
      ],
      bars: [
        {
          what: 'stop: slowest',
          value: Math.max(...stops.map(({ ms }) => ms)),
          limit: 1000,
          sense: 'at most',
          unit: 'ms'
        }
      ],
      ratios: {},
      problems: stops.flatMap(({ problem }) => (problem === undefined ? [] : [`stop: ${problem}`]))
    }
  }
}

interface Stop {
  readonly ms: number
  readonly answered: number
  readonly stored: number
  readonly problem: string | undefined
}

async function stopOnce(bench: Bench): Promise<Stop> {
  using scratch = new Scratch()
  const port = await freePort()
  const output = scratch.folder('output')
  const agent = await startAgent(
    scratch,
    port,
    configuration(port, { channel: WIDE_CHANNEL, sink: fileRoll(output) })
  )
  try {
    await using client = new LoadClient(bench.load, [port, 1, bench.lines, 'answers'].map(String))
    await client.event('ready')
    client.go()
    const files = new OutputFiles(output)
    await files.reach((bench.lines * 126) / 10, 20_000)
    const { ms, exitCode } = await agent.stop()
    const { oks = 0 } = await client.event('closed', 'answered')
    const check = await files.check(1)
    return {
      ms,
      answered: oks,
      stored: check.lines,
      problem: problemOf({ oks, exitCode, ...check, stored: check.lines })
    }
  } finally {
    await agent.stop()
  }
}

function problemOf({
  oks,
  exitCode,
  stored,
  problem
}: {
  oks: number
  exitCode: number | null
  stored: number
  problem: string | undefined
}): string | undefined {
  if (exitCode === null) return 'the agent had to be killed'
  if (oks > stored) return `${oks} lines were answered with OK, ${stored} are in the file`
  return problem
}
