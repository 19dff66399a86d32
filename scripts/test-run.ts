// Runs test files, several at a time, each in a process of its own (test-file.ts); ends whatever they do.
import { availableParallelism } from 'node:os'
import { relative } from 'node:path'
import { HOME } from './home.ts'
import { runFile, type FileLimits } from './test-file.ts'
import { isReporter, TestReport, type ReporterName } from './test-report.ts'

export interface RunLimits extends FileLimits {
  /** What all files together may take. */
  readonly runMs: number
}

export interface RunRequest {
  readonly files: readonly string[]
  readonly limits: RunLimits
  /** Options of Node for the test processes. */
  readonly options?: readonly string[]
  readonly environment?: NodeJS.ProcessEnv
  readonly concurrency?: number
  readonly reporter?: ReporterName
}

/** Runs them and prints what becomes of them; resolves to whether everything passed. */
export async function runTests(request: RunRequest): Promise<boolean> {
  const { files, limits, concurrency = availableParallelism() } = request
  const report = new TestReport(files.length, request.reporter ?? 'spec')
  const stopping = new AbortController()
  const onSignal = (signal: string): void => stopping.abort(`the run got ${signal}`)
  const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of SIGNALS) process.on(signal, onSignal)
  const timer = setTimeout(
    () => stopping.abort(`the whole run took more than ${limits.runMs / 1000} s`),
    limits.runMs
  )
  const passed: boolean[] = []
  let next = 0
  const work = async (): Promise<void> => {
    while (next < files.length) {
      const index = next++
      passed.push(await runOne(request, report, index, stopping.signal))
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, concurrency) }, work))
  clearTimeout(timer)
  for (const signal of SIGNALS) process.off(signal, onSignal)
  const success = passed.every(Boolean)
  await report.end(success)
  return success
}

async function runOne(
  { files, limits, options = [], environment = process.env }: RunRequest,
  report: TestReport,
  index: number,
  signal: AbortSignal
): Promise<boolean> {
  const path = relative(HOME, files[index] ?? '')
  const begunAt = performance.now()
  const onEvent = (event: Parameters<TestReport['add']>[1]): void => report.add(index, event)
  const { passed, problem } = signal.aborted
    ? { passed: false, problem: `It was not run, as ${String(signal.reason)}.` }
    : await runFile({ path, options, limits, environment, signal, onEvent })
  if (problem !== undefined) report.addFailure(index, path, problem, performance.now() - begunAt)
  report.finish(index)
  return passed
}

const NUMBERS = ['limit-file', 'limit-end', 'limit-run', 'test-concurrency'] as const

/** Reads `--limit-file=<ms>` and the like, `--test-reporter=spec|dot|tap`, options for Node, and files. */
function requested(words: readonly string[]): RunRequest {
  const options: string[] = []
  const numbers = new Map<string, number>()
  let reporter: ReporterName = 'spec'
  for (const word of words.filter(other => other.startsWith('--'))) {
    const [name = '', value = ''] = word.slice(2).split('=')
    if (NUMBERS.some(number => number === name)) numbers.set(name, Number(value))
    else if (name !== 'test-reporter') options.push(word)
    else if (isReporter(value)) reporter = value
    else throw new Error(`The reporter ${value} is none of spec, dot, tap.`)
  }
  const number = (name: (typeof NUMBERS)[number], otherwise: number): number => numbers.get(name) || otherwise
  return {
    files: words.filter(word => !word.startsWith('--')),
    options,
    reporter,
    concurrency: number('test-concurrency', availableParallelism()),
    limits: {
      fileMs: number('limit-file', 120_000),
      endMs: number('limit-end', 15_000),
      runMs: number('limit-run', 1_200_000)
    }
  }
}

if (import.meta.main) {
  const passed = await runTests(requested(process.argv.slice(2)))
  process.exit(passed ? 0 : 1)
}
