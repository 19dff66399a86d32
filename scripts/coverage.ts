// npm run coverage: the layers that lose data when they are wrong must be tested line by line.
import { spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { COVERED_VARIABLE } from './coverage-report.ts'
import { HOME } from './home.ts'
import { runTests } from './test-run.ts'

const LAYERS = ['core', 'wire', 'engine']
const LEAST = 95
/** Code whose coverage is measured may be twenty times as slow. */
const LIMITS = { fileMs: 5 * 60_000, endMs: 15_000, runMs: 25 * 60_000 }

const OPTIONS = [
  '--experimental-test-coverage',
  `--test-coverage-lines=${LEAST}`,
  '--test-coverage-exclude=**/*.test.ts',
  ...LAYERS.map(layer => `--test-coverage-include=src/${layer}/**`)
]

const covered = mkdtempSync(join(tmpdir(), 'millrace-coverage-'))
try {
  const passed = await runTests({
    files: globSync('src/**/*.test.ts', { cwd: HOME }).sort(),
    limits: LIMITS,
    reporter: 'dot',
    environment: { ...process.env, NODE_V8_COVERAGE: covered }
  })
  const report = join('scripts', 'coverage-report.ts')
  const { status } = spawnSync(process.execPath, [...OPTIONS, report], {
    cwd: HOME,
    stdio: 'inherit',
    env: { ...process.env, [COVERED_VARIABLE]: covered }
  })
  const enough = passed && status === 0
  console.log(
    enough
      ? `At least ${LEAST} % of the lines of ${LAYERS.join(', ')} are tested.`
      : `Tests failed, or less than ${LEAST} % of the lines of ${LAYERS.join(', ')} are tested.`
  )
  process.exitCode = enough ? 0 : 1
} finally {
  rmSync(covered, { recursive: true, force: true })
}
