// Loaded into every test process by test-file.ts, as a module and as its reporter. Says on a pipe what goes on there, each
// message at once and whole, so that it is known also of a process that hangs in a loop.
import type { ChildProcess } from 'node:child_process'
import { subscribe } from 'node:diagnostics_channel'
import { writeSync } from 'node:fs'
import { getTestContext } from 'node:test'
import { inspect } from 'node:util'
import { isMainThread, type Worker } from 'node:worker_threads'
import { PIPE_VARIABLE, type Left, type Message, type TestEvent } from './test-messages.ts'

const BEAT_MS = 500

const pipe = isMainThread ? Number(process.env[PIPE_VARIABLE] ?? NaN) : NaN
// What a test starts in turn is no test process.
delete process.env[PIPE_VARIABLE]

/** What keeps a process from ending, by its kind: how often it is there, and the test since which it is. */
const open = new Map<string, { readonly count: number; readonly test: string }>()
const children = new Map<ChildProcess, string>()
const workers = new Map<Worker, string>()
let underWay = 0

if (!Number.isNaN(pipe)) watch()

function watch(): void {
  let baseline: ReadonlyMap<string, number> | undefined
  subscribe('tracing:node.test:start', message => {
    const { name, nesting } = message as { name: string; nesting: number }
    baseline ??= resources(new Map())
    underWay++
    send({ began: { name, nesting } })
  })
  subscribe('tracing:node.test:end', message => {
    const { name, nesting } = message as { name: string; nesting: number }
    underWay--
    note(resources(baseline ?? new Map()), getTestContext()?.fullName ?? name)
    send({ ended: { name, nesting } })
  })
  subscribe('child_process', message => {
    children.set((message as { process: ChildProcess }).process, currentTest())
  })
  subscribe('worker_threads', message => {
    workers.set((message as { worker: Worker }).worker, currentTest())
  })
  // Also while a test is under way: that is how it is noticed that nobody listens any more.
  setInterval(() => {
    send({ open: underWay === 0 && baseline !== undefined ? openNow(resources(baseline)) : [] })
  }, BEAT_MS).unref()
  process.on('exit', () => send({ left: leftChildren() }))
}

function currentTest(): string {
  return getTestContext()?.fullName ?? 'the file itself'
}

/** How often each kind of resource is there beyond what was at the start. */
function resources(baseline: ReadonlyMap<string, number>): Map<string, number> {
  const counts = new Map<string, number>()
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  for (const [kind, count] of baseline) counts.set(kind, (counts.get(kind) ?? 0) - count)
  return new Map([...counts].filter(([, count]) => count > 0))
}

/** Remembers of each kind since which test there are as many as now. */
function note(counts: ReadonlyMap<string, number>, test: string): void {
  for (const kind of open.keys()) if (!counts.has(kind)) open.delete(kind)
  for (const [kind, count] of counts) {
    const before = open.get(kind)
    if (before === undefined || before.count < count) open.set(kind, { count, test })
    else open.set(kind, { count, test: before.test })
  }
}

/** What keeps this process from ending, in words. */
function openNow(counts: ReadonlyMap<string, number>): string[] {
  const kinds = [...counts.keys()].filter(kind => kind !== 'ProcessWrap')
  return [
    ...kinds.map(kind => `${kind} (since “${open.get(kind)?.test ?? 'the file itself'}”)`),
    ...leftChildren().map(({ command, test }) => `the process ${command} (of “${test}”)`),
    ...[...workers].filter(([{ threadId }]) => threadId >= 0).map(([, test]) => `a worker (of “${test}”)`)
  ]
}

function leftChildren(): Left[] {
  const left: Left[] = []
  for (const [child, test] of children) {
    if (child.exitCode !== null || child.signalCode !== null) children.delete(child)
    else if (child.pid !== undefined) left.push({ pid: child.pid, command: child.spawnargs.join(' '), test })
  }
  return left
}

function send(message: Message): void {
  try {
    writeSync(pipe, `${JSON.stringify(message)}\n`)
  } catch (error) {
    // Nobody listens any more: whoever watched over this process is gone.
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') process.exit(1)
    throw error
  }
}

/** The reporter: passes every event on; an error as the text that a reader will see. */
export default async function* report(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const { type, data } of source) {
    const { details } = data
    const error = details?.error
    const sent = error === undefined ? data : { ...data, details: { ...details, error: shown(error) } }
    send({ event: { type, data: sent } })
  }
  yield ''
}

function shown(error: NonNullable<NonNullable<TestEvent['data']['details']>['error']>) {
  const { code, failureType, message } = error
  return { failureType, message, text: inspect(code === 'ERR_TEST_FAILURE' ? error.cause : error) }
}
