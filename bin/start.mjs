// Plain JavaScript on purpose: what Node compiled and stripped of types is kept from run to run, except for the file
// that switches this on. So the rest starts warm, and Node's TypeScript parser is not even loaded.
import { existsSync } from 'node:fs'
import { constants, enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'

// Until the agent listens itself (src/app/signals.ts), signals that ask a Java program for something must not end it,
// nor those that the launcher says are to be ignored; and those that end it must end process 1 too, to which the system
// gives nothing that it does not listen for.
if (process.platform !== 'win32' && /^(?:agent|node)$/.test(process.argv[2] ?? '')) {
  const deaf = (process.env['MILLRACE_DEAF'] ?? '').split(',')
  for (const signal of ['SIGQUIT', 'SIGUSR1', 'SIGUSR2']) process.on(signal, () => {})
  for (const [signal, code] of [
    ['SIGHUP', 129],
    ['SIGINT', 130],
    ['SIGTERM', 143]
  ]) {
    if (deaf.includes(signal)) process.on(signal, () => {})
    else if (process.pid === 1) process.on(signal, () => process.exit(code))
  }
}

// V8 counts slabs, which live outside of its heap, against what the heap may grow by before all of it is looked through.
// By its own rule a heap of 10 MB may grow by 12 MB: at 400 MB/s that was every 30 ms, and a third of all CPU time.
setFlagsFromString('--heap-growing-percent=400')

const { HOME, LOCALAPPDATA, XDG_CACHE_HOME } = process.env
const home = join(import.meta.dirname, '..')
const userCache = XDG_CACHE_HOME ?? LOCALAPPDATA ?? (HOME === undefined ? undefined : join(HOME, '.cache'))
const { status } = enableCompileCache(join(home, '.cache', 'compile'))
if (status === constants.compileCacheStatus.FAILED && userCache !== undefined) {
  enableCompileCache(join(userCache, 'millrace', 'compile'))
}

// A clone has the sources; the published package has what they compile to.
const source = '../src/app/cli.ts'
const { runProgram } = await import(
  existsSync(join(home, 'src', 'app', 'cli.ts')) ? source : '../dist/app/cli.js'
)
await runProgram(process.argv.slice(2))
