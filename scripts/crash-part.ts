import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { HOME } from './home.ts'

/** A part that says nothing for so long hangs. */
const LONGEST_SILENCE_MS = 30 * 60_000
const WATCH_EVERY_MS = 1000

/** How much of each proof, and which one. */
export interface Amounts {
  readonly kills: number
  readonly stories: number
  readonly damages: number
  readonly seed: number
}

/** What became of one part. */
export interface Outcome {
  readonly part: string
  readonly seed: number
  readonly seconds: number
  readonly passed: number
  readonly failed: number
  /** Tests that were not run, with the reason. */
  readonly skipped: readonly string[]
  /** What the tests say that they did. */
  readonly done: readonly string[]
  /** Why it did not come to its end. */
  readonly cut: string | undefined
}

/** Whether everything that was run kept its promises. */
export function kept({ failed, cut, passed, skipped }: Outcome): boolean {
  return failed === 0 && cut === undefined && passed + skipped.length > 0
}

/** Runs one file of test/crash in a folder of its own, which is empty again afterwards; nothing that it started goes on. */
export async function runPart(
  part: string,
  amounts: Amounts,
  folder: string,
  stop: AbortSignal
): Promise<Outcome> {
  mkdirSync(folder, { recursive: true })
  const begun = Date.now()
  const [tap, report] = [join(folder, 'tap'), join(folder, 'report')]
  const child = spawn(process.execPath, commandOf(part, tap), {
    cwd: HOME,
    env: environmentOf(amounts, folder, report),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true
  })
  const cut = await watched(child, stop)
  const counts = countsOf(tap)
  const done = existsSync(report) ? readFileSync(report, 'utf8').split('\n').slice(0, -1) : []
  clear(folder)
  const failed = Math.max(counts.failed, child.exitCode === 0 || cut !== undefined ? 0 : 1)
  return { part, seed: amounts.seed, seconds: (Date.now() - begun) / 1000, ...counts, failed, done, cut }
}

function commandOf(part: string, tap: string): string[] {
  const reporters = ['spec', 'tap'].map(name => `--test-reporter=${name}`)
  const places = ['stdout', tap].map(place => `--test-reporter-destination=${place}`)
  return ['--test', ...reporters, ...places, join('test', 'crash', `${part}.test.ts`)]
}

function environmentOf(amounts: Amounts, folder: string, report: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    TMPDIR: folder,
    MILLRACE_KILLS: String(amounts.kills),
    MILLRACE_STORIES: String(amounts.stories),
    MILLRACE_DAMAGES: String(amounts.damages),
    MILLRACE_SEED: String(amounts.seed),
    MILLRACE_BACKLOG: '1',
    MILLRACE_CRASH_REPORT: report
  }
}

/** Passes on what it says until it ends; resolves to why it had to be ended, if it had. */
async function watched(child: ReturnType<typeof spawn>, stop: AbortSignal): Promise<string | undefined> {
  let saidAt = Date.now()
  let cut: string | undefined
  const said = (text: Buffer): void => {
    saidAt = Date.now()
    process.stdout.write(text)
  }
  child.stdout?.on('data', said)
  child.stderr?.on('data', said)
  const watching = setInterval(() => {
    if (stop.aborted) cut ??= 'interrupted'
    if (Date.now() - saidAt > LONGEST_SILENCE_MS) cut ??= 'it said nothing for half an hour'
    if (cut !== undefined) endGroup(child.pid)
  }, WATCH_EVERY_MS)
  await once(child, 'exit')
  clearInterval(watching)
  endGroup(child.pid)
  return cut
}

/** Ends what is left of a part: agents that its tests had started. */
function endGroup(leader: number | undefined): void {
  if (leader === undefined) return
  try {
    process.kill(-leader, 'SIGKILL')
  } catch {
    // Nothing is left.
  }
}

function countsOf(tap: string): { passed: number; failed: number; skipped: string[] } {
  const text = existsSync(tap) ? readFileSync(tap, 'utf8') : ''
  const count = (what: string): number => Number(new RegExp(`^# ${what} (\\d+)$`, 'm').exec(text)?.[1] ?? 0)
  const skipped = [...text.matchAll(/^ *ok \d+ - (.*) # SKIP ?(.*)$/gm)].map(
    ([, name, reason]) => `${name}: ${reason}`
  )
  return { passed: count('pass'), failed: count('fail') + count('cancelled'), skipped }
}

/** Removes the folder, and what is mounted in it. */
function clear(folder: string): void {
  const mounts = existsSync('/proc/mounts') ? readFileSync('/proc/mounts', 'utf8').split('\n') : []
  for (const mount of mounts) {
    const [, place = ''] = mount.split(' ')
    if (place.startsWith(`${folder}/`)) spawnSync('umount', ['-l', place])
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
}
