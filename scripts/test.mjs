// npm test [-- files or node --test options], npm run test:e2e. Plain JavaScript: see install.mjs.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, relative } from 'node:path'
import { ensureInstalled, home, projectNode } from './install.mjs'

/** Folders below test/ that take longer than `npm test` may. */
const SLOW = ['e2e', 'crash', 'services']

/** Files in them that `npm test` runs all the same. */
const QUICK = ['harness', 'simulated', 'damage', 'delivery-judge'].map(name =>
  join('test', 'crash', `${name}.test.ts`)
)

/** A test file that takes longer than this hangs. */
const LIMIT_MS = { quick: 60_000, e2e: 900_000 }

const [suite, ...rest] = process.argv.slice(2)
const options = rest.filter(word => word.startsWith('--'))
const named = rest.filter(word => !word.startsWith('--'))
const files = named.length > 0 ? named : filesOf(suite)
if (files.length === 0) {
  console.error(`No test files in suite "${suite}".`)
  process.exit(1)
}

ensureInstalled()
const runner = [
  '--test',
  `--test-concurrency=${availableParallelism()}`,
  '--test-reporter=spec',
  `--test-timeout=${LIMIT_MS[suite]}`,
  ...options,
  ...files
]
const { status } = spawnSync(projectNode(), runner, {
  cwd: home,
  stdio: 'inherit',
  env: { ...process.env, NODE_COMPILE_CACHE: join(home, 'node_modules', '.cache', 'compile') }
})
process.exit(status ?? 1)

function filesOf(name) {
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
