import { setTimeout as sleep } from 'node:timers/promises'
import { configuration, fileRoll, startAgent } from './harness/agent.ts'
import { freePort, Scratch } from './harness/scratch.ts'
import type { Question } from './question.ts'

const SETTLE_MS = 2000
const LONGEST_SECONDS = 20

/** How much of a core an agent uses that has nothing to do. */
export const idle: Question = {
  names: { idle: 'CPU of an agent without work' },
  async answer(bench) {
    const seconds = Math.min(bench.idleSeconds, LONGEST_SECONDS)
    using scratch = new Scratch()
    const port = await freePort()
    const agent = await startAgent(
      scratch,
      port,
      configuration(port, { sink: fileRoll(scratch.folder('output')) })
    )
    try {
      await sleep(SETTLE_MS)
      const before = agent.figures()
      bench.progress(`idle: looking on for ${seconds} s`)
      await sleep(seconds * 1000)
      const after = agent.figures()
      const percent = ((after.cpuSeconds - before.cpuSeconds) / seconds) * 100
      return {
        title: `An agent without work, ${seconds} s`,
        table: [
          ['', ''],
          ['% of a core', percent.toFixed(3)],
          ['peak memory, MB', after.peakMegabytes.toFixed(0)]
        ],
        bars: [{ what: 'idle: CPU', value: percent, limit: 0.3, sense: 'at most', unit: '% of a core' }],
        ratios: {},
        problems: []
      }
    } finally {
      await agent.stop()
    }
  }
}
