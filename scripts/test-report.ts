import { PassThrough } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import * as reporters from 'node:test/reporters'
import { inspect } from 'node:util'
import type { TestEvent } from './test-messages.ts'

const REPORTERS = { spec: () => new reporters.spec(), dot: () => reporters.dot, tap: () => reporters.tap }
export type ReporterName = keyof typeof REPORTERS

export function isReporter(name: string): name is ReporterName {
  return Object.hasOwn(REPORTERS, name)
}

/** What the process of one file says about all of its tests; said once more about all files, at the end. */
const TOTALS = /^(?:tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+$/
const CANCELLED = ['cancelledByParent', 'testAborted', 'testTimeoutFailure']

/** Puts the events of many files together as those of one run, file by file in their order, and prints them. */
export class TestReport {
  readonly #events = new PassThrough({ objectMode: true })
  readonly #printed: Promise<void>
  readonly #waiting: TestEvent[][]
  readonly #over: boolean[]
  readonly #begunAt = performance.now()
  readonly #counts = {
    tests: 0,
    suites: 0,
    passed: 0,
    failed: 0,
    cancelled: 0,
    skipped: 0,
    todo: 0,
    topLevel: 0
  }
  /** The file whose events are printed as they come. */
  #current = 0
  /** Tests of the current file that were announced but not judged; the outer ones first. */
  #announced: TestEvent[] = []

  constructor(files: number, reporter: ReporterName) {
    this.#waiting = Array.from({ length: files }, () => [])
    this.#over = Array.from({ length: files }, () => false)
    const transform = REPORTERS[reporter]()
    this.#printed = pipeline(this.#events, transform as NodeJS.ReadWriteStream, process.stdout, {
      end: false
    })
  }

  /** Takes an event of a file. */
  add(file: number, event: TestEvent): void {
    if (file === this.#current) this.#print(event)
    else this.#waiting[file]?.push(event)
  }

  /** Takes a failure of a whole file, under its name. */
  addFailure(file: number, name: string, problem: string, durationMs: number): void {
    const data = { name, nesting: 0, file: name, line: 1, column: 1 }
    const error = { message: problem, text: problem }
    this.add(file, { type: 'file:failed', data: { ...data, message: problem } })
    this.add(file, { type: 'test:start', data })
    this.add(file, {
      type: 'test:fail',
      data: { ...data, details: { duration_ms: durationMs, type: 'test', error } }
    })
  }

  /** Says that a file has no more events. */
  finish(file: number): void {
    this.#over[file] = true
    while (this.#over[this.#current] === true) {
      this.#current++
      for (const event of this.#waiting[this.#current] ?? []) this.#print(event)
    }
  }

  /** Prints the totals; resolves once everything is printed. */
  async end(success: boolean): Promise<void> {
    const { tests, suites, passed, failed, cancelled, skipped, todo, topLevel } = this.#counts
    const duration_ms = performance.now() - this.#begunAt
    const lines = { tests, suites, pass: passed, fail: failed, cancelled, skipped, todo, duration_ms }
    this.#events.write({ type: 'test:plan', data: { nesting: 0, count: topLevel } })
    for (const [word, number] of Object.entries(lines)) {
      this.#events.write({
        type: 'test:diagnostic',
        data: { nesting: 0, message: `${word} ${number}`, level: 'info' }
      })
    }
    this.#events.write({ type: 'test:summary', data: { success, counts: this.#counts, duration_ms } })
    this.#events.end()
    await this.#printed
    process.stdout.write('\n')
  }

  #print(event: TestEvent): void {
    const { type, data } = event
    if (type === 'file:failed') return this.#cancelAnnounced(data.message ?? '')
    const top = data.nesting === 0
    if (type === 'test:summary' || (type === 'test:plan' && top)) return
    if (type === 'test:diagnostic' && top && TOTALS.test(data.message ?? '')) return
    if (type === 'test:start') this.#announced.push(event)
    if (type !== 'test:pass' && type !== 'test:fail') return void this.#events.write(event)
    this.#announced.pop()
    if (top) this.#counts.topLevel++
    this.#count(event)
    this.#events.write(readable(event, this.#counts.topLevel))
  }

  #count({ type, data }: TestEvent): void {
    const { details, skip, todo } = data
    if (details?.type === 'suite') {
      this.#counts.suites++
      return
    }
    this.#counts.tests++
    if (skip !== undefined) this.#counts.skipped++
    else if (todo !== undefined) this.#counts.todo++
    else if (CANCELLED.includes(details?.error?.failureType ?? '')) this.#counts.cancelled++
    else if (type === 'test:fail') this.#counts.failed++
    else this.#counts.passed++
  }

  /** A reporter wants a judgement of everything that was announced. */
  #cancelAnnounced(problem: string): void {
    for (const [index, { data }] of [...this.#announced.entries()].toReversed()) {
      const inner = index === this.#announced.length - 1
      const error = { message: problem, text: problem, failureType: 'cancelledByParent' }
      const details = { duration_ms: 0, type: inner ? 'test' : 'suite', error }
      this.#print({ type: 'test:fail', data: { ...data, details } })
    }
  }
}

/** The event as a reporter wants it: an error shows itself as its text. */
function readable({ type, data }: TestEvent, testNumber: number): object {
  const { details } = data
  const number = data.nesting === 0 ? { testNumber } : {}
  const error = details?.error
  if (error === undefined) return { type, data: { ...data, ...number } }
  const shown = { ...error, [inspect.custom]: () => error.text ?? error.message }
  return { type, data: { ...data, ...number, details: { ...details, error: shown } } }
}
