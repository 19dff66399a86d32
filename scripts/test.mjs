// npm test [-- files or options], npm run test:e2e, npm run layers. Plain JavaScript: see install.mjs.
import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { ensureInstalled, home, projectNode } from './install.mjs'

/** Folders below test/ that take longer than `npm test` may. */
const SLOW = ['e2e', 'crash', 'services']

/** Files in them that `npm test` runs all the same. */
const QUICK = ['harness', 'simulated', 'leaving', 'damage', 'delivery-judge'].map(name =>
  join('test', 'crash', `${name}.test.ts`)
)

const MINUTE_MS = 60_000

/** What the tests of a file, the end of its process, and a whole run may take; see test-run.ts. */
const LIMITS_MS = {
  quick: { file: 2 * MINUTE_MS, end: 15_000, run: 20 * MINUTE_MS },
  layers: { file: MINUTE_MS, end: 15_000, run: 5 * MINUTE_MS },
  e2e: { file: 15 * MINUTE_MS, end: 30_000, run: 50 * MINUTE_MS }
}

const [suite, ...rest] = process.argv.slice(2)
const options = rest.filter(word => word.startsWith('--'))
const named = rest.filter(word => !word.startsWith('--'))
const files = named.length > 0 ? named : filesOf(suite)
if (files.length === 0) {
  console.error(`No test files in suite "${suite}".`)
  process.exit(1)
}

ensureInstalled()
const limits = Object.entries(LIMITS_MS[suite]).map(([name, ms]) => `--limit-${name}=${ms}`)
const run = [join(home, 'scripts', 'test-run.ts'), ...limits, ...options, ...files]
const child = spawn(projectNode(), run, {
  cwd: home,
  stdio: 'inherit',
  env: { ...process.env, NODE_COMPILE_CACHE: join(home, 'node_modules', '.cache', 'compile') }
})
// The run says what was under way before it ends.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('close', code => process.exit(code ?? 1))

function filesOf(name) {
  if (name === 'layers') return testsBelow(join('test', 'conventions'))
  if (name === 'e2e') return SLOW.flatMap(folder => testsBelow(join('test', folder)))
  const quick = readdirSync(join(home, 'test'), { withFileTypes: true })
    .filter(entry => entry.isDirectory() && !SLOW.includes(entry.name) && entry.name !== 'fixtures')
    .map(entry => join('test', entry.name))
  return [...['src', ...quick].flatMap(testsBelow), ...QUICK]
}

function testsBelow(folder) {
  const path = join(home, folder)
  if (!existsSync(path)) return []
  return readdirSync(path, { withFileTypes: true, recursive: true })
    .filter(entry => entry.isFile() && entry.name.endsWith('.test.ts'))
    .map(entry => relative(home, join(entry.parentPath, entry.name)))
    .sort()
}
