import { configuration, fileRoll, startAgent } from './harness/agent.ts'
import { freePort, Scratch } from './harness/scratch.ts'
import type { Question } from './question.ts'
import { median, withSpread } from './statistics.ts'

const STARTS = 10

/** How long it takes from exec until the port is open, and from the signal until the process has ended. */
export const startUp: Question = {
  names: { start: 'bin/flume-ng until its port is open, and its end when idle' },
  async answer(bench) {
    const started: number[] = []
    const stopped: number[] = []
    const problems: string[] = []
    for (let i = 0; i <= STARTS; i++) {
      using scratch = new Scratch()
      const port = await freePort()
      const agent = await startAgent(
        scratch,
        port,
        configuration(port, { sink: fileRoll(scratch.folder('output')) })
      )
      const { ms, exitCode } = await agent.stop()
      if (exitCode === null) problems.push(`start: the agent had to be killed\n${agent.logEnd()}`)
      bench.progress(`start ${i} of ${STARTS}: ${agent.startMs.toFixed(0)} ms`)
      if (i === 0) continue // fills the compile cache
      started.push(agent.startMs)
      stopped.push(ms)
    }
    return {
      title: `${STARTS} warm starts: median (extremes)`,
      table: [
        ['', 'ms'],
        ['exec to listening', withSpread(started, 0)],
        ['SIGTERM to the end, idle', withSpread(stopped, 0)]
      ],
      bars: [
        { what: 'start: exec to listening', value: median(started), limit: 150, sense: 'at most', unit: 'ms' }
      ],
      ratios: {},
      problems
    }
  }
}
