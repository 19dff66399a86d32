import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import type { LoadFigures, LoadOptions } from '../channel-load.ts'

const PROGRAM = join(import.meta.dirname, '../channel-load.ts')
const TIMEOUT_MS = 120_000
const USUAL: LoadOptions = {
  putters: 8,
  batch: 1000,
  takers: 2,
  takeBatch: 10_000,
  milliseconds: 2000,
  events: 0,
  writers: 2,
  compressions: 0
}

/** Runs one scenario of a durable log in a process of its own, started as our launcher starts agents. */
export function runLoad(scenario: string, folder: string, given: Partial<LoadOptions> = {}): LoadFigures {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['--expose-gc', PROGRAM, scenario, folder, JSON.stringify({ ...USUAL, ...given })],
    { encoding: 'utf8', timeout: TIMEOUT_MS }
  )
  if (status !== 0) throw new Error(`The run "${scenario}" failed.\n${stderr}`)
  return JSON.parse(stdout) as LoadFigures
}
