import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const PROC = '/proc'

/** Whether there is such a process; one that is over and that nobody has asked for its code is none. */
export function isRunning(pid: number): boolean {
  return isThere(pid) && stateOf(pid)?.state !== 'Z'
}

/** Command lines of what still runs in the process group, each with its number; where nobody can tell them, just that. */
export function groupMembers(leader: number): { readonly pid: number; readonly command: string }[] {
  if (!isThere(-leader)) return []
  if (!existsSync(PROC)) return [{ pid: leader, command: 'a process of its group' }]
  const pids = readdirSync(PROC)
    .map(Number)
    .filter(pid => pid > 0)
  return pids
    .filter(pid => stateOf(pid)?.group === leader && isRunning(pid))
    .map(pid => ({ pid, command: commandOf(pid) }))
}

/** Ends every process of the group, and the others. */
export function endGroup(leader: number, others: readonly number[]): void {
  for (const pid of [process.platform === 'win32' ? leader : -leader, ...others]) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It is over.
    }
  }
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** The two facts that stand behind the name in `/proc/<pid>/stat`: `pid (name) state parent group …`. */
function stateOf(pid: number): { readonly state: string; readonly group: number } | undefined {
  const text = read(pid, 'stat')
  const [state = '', , group] = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return text === '' ? undefined : { state, group: Number(group) }
}

function commandOf(pid: number): string {
  return read(pid, 'cmdline').replaceAll('\0', ' ').trim()
}

/** A file of a process; empty when it is over. */
function read(pid: number, name: string): string {
  try {
    return readFileSync(join(PROC, String(pid), name), 'utf8')
  } catch {
    return ''
  }
}
