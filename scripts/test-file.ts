import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import type { EventEmitter } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { HOME } from './home.ts'
import { endGroup, groupMembers, isRunning } from './process-group.ts'
import { PIPE_VARIABLE, type Left, type Message, type Named, type TestEvent } from './test-messages.ts'

const PIPE = 3
const TICK_MS = 100
/** What Node calls the file itself, whose hooks run behind all tests. */
const ROOT = '<root>'
const CHILD = pathToFileURL(join(import.meta.dirname, 'test-child.ts')).href

export interface FileLimits {
  /** What the tests of a file may take. */
  readonly fileMs: number
  /** What a process may take to end once its tests are over, and what it started, once it is. */
  readonly endMs: number
}

export interface FileRequest {
  readonly path: string
  /** Options of Node for the test process. */
  readonly options: readonly string[]
  readonly limits: FileLimits
  readonly environment: NodeJS.ProcessEnv
  /** Ends the file early; the reason says why. */
  readonly signal: AbortSignal
  readonly onEvent: (event: TestEvent) => void
}

export interface FileResult {
  readonly passed: boolean
  /** What is wrong beyond the failures of its tests. */
  readonly problem: string | undefined
}

/**
 * Runs one test file in a process group of its own, of which nothing is left afterwards. Resolves within the limits,
 * whatever the file does.
 */
export async function runFile(request: FileRequest): Promise<FileResult> {
  const child = spawn(process.execPath, argumentsOf(request), {
    cwd: HOME,
    detached: process.platform !== 'win32',
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    env: { ...request.environment, NODE_TEST_CONTEXT: undefined, [PIPE_VARIABLE]: String(PIPE) }
  })
  const [exited, closed] = [waitFor(child, 'exit'), waitFor(child, 'close')]
  const state = listen(child, request)
  const told = waitFor(child.stdio[PIPE] as Readable, 'close')
  const early = await watchTests(exited, state, request)
  if (early !== undefined) end(child, state)
  for (const rest of [exited, told]) await within(rest, request.limits.endMs)
  const problem = early ?? endOf(child, state) ?? (await watchRest(child, closed, state, request.limits))
  end(child, state)
  await within(closed, request.limits.endMs)
  for (const stream of child.stdio) stream?.destroy()
  return { problem, passed: problem === undefined && child.exitCode === 0 }
}

function argumentsOf({ path, options, limits }: FileRequest): string[] {
  return [
    `--import=${CHILD}`,
    `--test-reporter=${CHILD}`,
    `--test-timeout=${limits.fileMs}`,
    ...options,
    path
  ]
}

interface Waiting {
  readonly promise: Promise<void>
  over: boolean
}

function waitFor(emitter: EventEmitter, event: 'exit' | 'close'): Waiting {
  const { promise, resolve } = Promise.withResolvers<void>()
  const waiting = { promise, over: false }
  emitter.once(event, () => {
    waiting.over = true
    resolve()
  })
  return waiting
}

/** Waits for it, but not longer than so many milliseconds. */
async function within({ promise }: Waiting, ms: number): Promise<void> {
  const over = new AbortController()
  await Promise.race([promise, sleep(ms, undefined, { signal: over.signal }).catch(() => undefined)])
  over.abort()
}

/** What is known of a test process. */
interface State {
  /** Whether any test began, or failed. */
  begun: boolean
  failed: boolean
  readonly underWay: Named[]
  /** What keeps the process from ending, in words. */
  open: readonly string[]
  left: readonly Left[]
  /** How long no test was under way. */
  idleMs: number
}

function listen(child: ChildProcess, { path, onEvent }: FileRequest): State {
  const state: State = { begun: false, failed: false, underWay: [], open: [], left: [], idleMs: 0 }
  const pass = (stream: Readable | null, type: string): void => {
    stream?.setEncoding('utf8')
    stream?.on('data', (message: string) => onEvent({ type, data: { message, file: path } }))
  }
  pass(child.stdout, 'test:stdout')
  pass(child.stderr, 'test:stderr')
  const lines = createInterface({ input: child.stdio[PIPE] as Readable })
  lines.on('line', line => take(JSON.parse(line) as Message, state, onEvent))
  return state
}

function take(message: Message, state: State, onEvent: (event: TestEvent) => void): void {
  if ('open' in message) state.open = message.open
  else if ('left' in message) state.left = message.left
  else if ('event' in message) {
    state.failed ||= message.event.type === 'test:fail'
    onEvent(message.event)
  } else {
    state.begun = true
    state.idleMs = 0
    if ('began' in message) state.underWay.push(message.began)
    else remove(state.underWay, message.ended)
  }
}

function remove(underWay: Named[], { name, nesting }: Named): void {
  const index = underWay.findLastIndex(other => other.name === name && other.nesting === nesting)
  if (index >= 0) underWay.splice(index, 1)
}

/**
 * Waits for the end of the process; resolves to why it must be ended, if it must. Time is counted in ticks, so that a
 * machine that stood still is nobody's fault.
 */
async function watchTests(
  exited: Waiting,
  state: State,
  { limits, signal }: FileRequest
): Promise<string | undefined> {
  for (let passedMs = 0; ; passedMs += TICK_MS) {
    if (exited.over) return undefined
    if (signal.aborted) return `It was ended, as ${String(signal.reason)}${during(state)}.`
    if (passedMs > limits.fileMs + limits.endMs)
      return `It did not end within ${passedMs / 1000} s${during(state)}.`
    if (state.begun && state.underWay.length === 0 && state.idleMs > limits.endMs) {
      const open = state.open.length === 0 ? '' : `; still open: ${state.open.join(', ')}`
      return `Its tests are over, but its process did not end within ${limits.endMs / 1000} s${open}.`
    }
    await within(exited, TICK_MS)
    state.idleMs += TICK_MS
  }
}

function during({ begun, underWay }: State): string {
  const names = underWay
    .toSorted((a, b) => a.nesting - b.nesting)
    .map(({ name }) => (name === ROOT ? 'after()' : name))
  if (names.length > 0) return `; under way: “${names.join(' > ')}”`
  return begun ? '; no test was under way' : '; no test had begun'
}

/** What is strange about the way in which the process ended by itself. */
function endOf({ exitCode, signalCode }: ChildProcess, state: State): string | undefined {
  if (signalCode !== null) return `Its process was ended by ${signalCode}${during(state)}.`
  return exitCode === 0 || state.failed
    ? undefined
    : `Its process ended with code ${exitCode}${during(state)}.`
}

/** Gives what the process started time to end; resolves to what did not. */
async function watchRest(
  { pid = 0 }: ChildProcess,
  closed: Waiting,
  state: State,
  { endMs }: FileLimits
): Promise<string | undefined> {
  for (let passedMs = 0; ; passedMs += TICK_MS) {
    const members = groupMembers(pid)
    const left = state.left.filter(other => isRunning(other.pid))
    if (closed.over && members.length === 0 && left.length === 0) return undefined
    if (passedMs > endMs) {
      const others = members.filter(member => left.every(other => other.pid !== member.pid))
      const names = [
        ...left.map(({ command, test }) => `${command} (of “${test}”)`),
        ...others.map(({ command }) => command)
      ]
      const what = names.length === 0 ? 'something has its output open' : `these go on: ${names.join(', ')}`
      return `Its process ended, but ${endMs / 1000} s later ${what}.`
    }
    await (closed.over ? sleep(TICK_MS) : within(closed, TICK_MS))
  }
}

function end({ pid }: ChildProcess, { left }: State): void {
  if (pid !== undefined)
    endGroup(
      pid,
      left.map(other => other.pid)
    )
}
