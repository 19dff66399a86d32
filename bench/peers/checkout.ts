import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { durableConfiguration, fileChannel, startAgent, throughputConfiguration } from '../harness/agent.ts'
import type { Contestant } from '../harness/contestant.ts'

/** Another checkout of this project, to see what a change did to the speed. */
export function checkout(folder: string): Contestant {
  const home = resolve(folder)
  const version = () => (existsSync(join(home, 'bin/flume-ng')) ? home : undefined)
  return {
    name: 'before',
    version,
    start: ({ scratch, port, output }) =>
      startAgent(scratch, port, throughputConfiguration(port, output), { home }),
    durable: {
      name: 'before, durable',
      version,
      start: ({ scratch, port, output }) =>
        startAgent(scratch, port, durableConfiguration(port, output, fileChannel(scratch)), { home })
    }
  }
}
