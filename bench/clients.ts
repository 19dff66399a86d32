import { configuration, fileRoll, startAgent, WIDE_CHANNEL } from './harness/agent.ts'
import type { Contestant } from './harness/contestant.ts'
import { runOnce, type Run } from './harness/run.ts'
import type { Question } from './question.ts'
import { median, withSpread } from './statistics.ts'

const CLIENTS = 100

function contestant(isAnswering: boolean): Contestant {
  return {
    name: isAnswering ? 'each waits for its OK' : 'one write per line',
    version: () => 'this work tree',
    start: ({ scratch, port, output }) =>
      startAgent(
        scratch,
        port,
        configuration(port, {
          source: { 'ack-every-event': isAnswering },
          channel: WIDE_CHANNEL,
          sink: fileRoll(output)
        })
      )
  }
}

/** How many events a second come from 100 connections that write one line at a time. */
export const clients: Question = {
  names: { clients: '100 connections, one write per line' },
  async answer(bench) {
    const open = contestant(false)
    const dialogue = contestant(true)
    const lines = Math.ceil(bench.lines / 3 / CLIENTS) * CLIENTS
    const opens: Run[] = []
    const dialogues: Run[] = []
    for (let round = 1; round <= bench.pairs; round++) {
      opens.push(await runOnce(bench, open, { mode: 'single', connections: CLIENTS, lines }))
      const fewer = Math.ceil(lines / 5 / CLIENTS) * CLIENTS
      dialogues.push(await runOnce(bench, dialogue, { mode: 'dialogue', connections: CLIENTS, lines: fewer }))
      bench.progress(
        `round ${round} of ${bench.pairs}: clients ${(opens.at(-1)?.linesPerSecond ?? 0).toFixed(0)} lines/s`
      )
    }
    return {
      title: `${CLIENTS} connections, single lines, to file_roll, ${bench.pairs} rounds: median (extremes)`,
      table: [
        ['', 'lines/s', 'CPU s', 'µs of CPU a line', 'peak MB'],
        row(open.name, opens, lines),
        row(dialogue.name, dialogues, lines / 5)
      ],
      bars: [
        {
          what: 'clients: lines/s',
          value: median(opens.map(run => run.linesPerSecond)),
          limit: 300_000,
          sense: 'at least',
          unit: ''
        }
      ],
      ratios: {},
      problems: [...opens, ...dialogues].flatMap(({ problem }) =>
        problem === undefined ? [] : [`clients: ${problem}`]
      )
    }
  }
}

function row(name: string, runs: readonly Run[], lines: number): string[] {
  return [
    name,
    withSpread(
      runs.map(run => run.linesPerSecond),
      0
    ),
    withSpread(
      runs.map(run => run.cpuSeconds),
      2
    ),
    median(runs.map(run => (run.cpuSeconds * 1e6) / lines)).toFixed(2),
    withSpread(
      runs.map(run => run.peakMegabytes),
      0
    )
  ]
}
