import { spawnSync } from 'node:child_process'

/** Runs a command and returns the first group of `pattern` in what it prints; undefined when it is absent. */
export function firstMatch(command: string, args: readonly string[], pattern: RegExp): string | undefined {
  const { stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' })
  return error === undefined ? pattern.exec(stdout + stderr)?.[1] : undefined
}
