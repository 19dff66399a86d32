import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { startAgent, throughputConfiguration } from '../harness/agent.ts'
import type { Contestant } from '../harness/contestant.ts'

/** Another checkout of this project, to see what a change did to the speed. */
export function checkout(folder: string): Contestant {
  const home = resolve(folder)
  return {
    name: 'before',
    version: () => (existsSync(join(home, 'bin/flume-ng')) ? home : undefined),
    start: ({ scratch, port, output }) =>
      startAgent(scratch, port, throughputConfiguration(port, output), { home })
  }
}
