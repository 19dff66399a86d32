import { spawn, type ChildProcess } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import type { Writable } from 'node:stream'
import { systemCode } from '../core/errors.ts'

/**
 * Stands outside the group, so that what ends the group leaves it alone. It is told the group's number, then waits for a
 * word. Where its pipe closes without one, nobody else can end the group any more.
 */
const GUARD = `trap '' HUP INT QUIT TERM
read -r group || exit 0
read -r word || kill -s KILL -- "-$group"`

/** Becomes the command once it is told to, which is once the guard knows its group. */
const STARTER = `read -r word <&3 || exit 1
exec "$@" 3<&-`

/** What every shell takes over from its environment; some drop the rest. */
const VARIABLE = /^[A-Za-z_]\w*$/

/** What to run, and with what around it. */
export interface CommandRequest {
  readonly program: string
  readonly arguments: readonly string[]
  /** The agent's own when left out. */
  readonly variables?: Readonly<Record<string, string | undefined>>
}

/** A command in a group of its own. */
export interface GuardedProcess {
  readonly child: ChildProcess
  readonly pid: number
  /** The group is over, or may go on without the agent. */
  release(): void
}

/**
 * Starts a command in a process group of its own that ends with the agent, however that ends: beside it stands a small
 * shell which kills the group when its pipe from the agent closes. The command begins only once that shell knows the
 * group, so there is no moment in which the end of the agent leaves it behind. Costs two starts of `sh`, a few ms.
 * Rejects with the system's error. On Windows there is neither group nor guard.
 */
export async function startGuarded(request: CommandRequest): Promise<GuardedProcess> {
  if (process.platform === 'win32') {
    const child = startDirectly(request, { windowsHide: true })
    return { child, pid: await started(child), release: () => {} }
  }
  const guard: ChildProcess = spawn('/bin/sh', ['-c', GUARD], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore']
  })
  const { stdin } = guard
  try {
    // It may be gone when it is told something; that is no error of the agent's.
    await started(guard, stdin)
    const child = startWaiting(request)
    const starter = child.stdio?.[3] as Writable | null | undefined
    const pid = await started(child, starter)
    stdin?.write(`${pid}\n`)
    starter?.end('go\n')
    guard.unref()
    return { child, pid, release: () => void (stdin?.writableEnded !== false || stdin.end('over\n')) }
  } catch (error) {
    stdin?.end()
    throw error
  }
}

function startWaiting(request: CommandRequest): ChildProcess {
  const { program, arguments: words, variables = process.env } = request
  // The few microseconds until the guard knows of it are less bad than a command without its variables.
  if (!Object.keys(variables).every(name => VARIABLE.test(name)))
    return startDirectly(request, { detached: true })
  return spawn('/bin/sh', ['-c', STARTER, 'sh', program, ...words], {
    detached: true,
    env: variables,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe']
  })
}

function startDirectly(
  { program, arguments: words, variables = process.env }: CommandRequest,
  options: { readonly detached?: true; readonly windowsHide?: true }
): ChildProcess {
  return spawn(program, words, { ...options, env: variables, stdio: ['ignore', 'pipe', 'pipe'] })
}

/** Sends a signal to every process of the group; false when there is none left. */
export function signalGroup(pid: number, signal: 'SIGTERM' | 'SIGKILL' | 0): boolean {
  if (process.platform === 'win32') return signalTree(pid, signal)
  try {
    return process.kill(-pid, signal)
  } catch {
    // Some systems say EPERM of a group that is over and was not waited for.
    return false
  }
}

/** Whether any process of the group runs. One that is over and that nobody has waited for yet does not count. */
export async function isGroupRunning(pid: number): Promise<boolean> {
  if (!signalGroup(pid, 0)) return false
  if (process.platform !== 'linux') return true
  try {
    const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name))
    const states = await Promise.all(pids.map(one => groupAndState(one)))
    return states.some(([group, state]) => group === pid && state !== 'Z' && state !== 'X')
  } catch {
    return true
  }
}

/** As `/proc/<pid>/stat` has them, behind a name that may have anything in it: `pid (name) state parent group …`. */
async function groupAndState(pid: string): Promise<readonly [group: number, state: string]> {
  const text = await readFile(`/proc/${pid}/stat`, 'latin1').catch((error: unknown) => {
    if (['ENOENT', 'ESRCH'].includes(systemCode(error) ?? '')) return ''
    throw error
  })
  const [state = '', , group] = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return [Number(group), state]
}

/** Windows cannot ask a program without a window to end, nor say what it started once it is over. */
function signalTree(pid: number, signal: 'SIGTERM' | 'SIGKILL' | 0): boolean {
  if (signal !== 0)
    spawn('taskkill', ['/pid', String(pid), '/t', '/f'], { stdio: 'ignore' }).on('error', () => {})
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** Resolves to its number. What goes wrong with a pipe to it later on is no error. */
function started(child: ChildProcess, pipe?: Writable | null): Promise<number> {
  pipe?.on('error', () => {})
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('spawn', () => resolve(child.pid ?? 0))
  })
}
