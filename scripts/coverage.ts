// npm run coverage: the layers that lose data when they are wrong must be tested line by line.
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { HOME } from './home.ts'

const LAYERS = ['core', 'wire', 'engine']
const LEAST = 95

const files = globSync('src/**/*.test.ts', { cwd: HOME }).sort()
const options = [
  '--test',
  `--test-concurrency=${availableParallelism()}`,
  '--test-reporter=dot',
  '--test-timeout=60000',
  '--experimental-test-coverage',
  `--test-coverage-lines=${LEAST}`,
  '--test-coverage-exclude=**/*.test.ts',
  ...LAYERS.map(layer => `--test-coverage-include=src/${layer}/**`)
]
const { status } = spawnSync(process.execPath, [...options, ...files], { cwd: HOME, stdio: 'inherit' })
console.log(
  status === 0
    ? `At least ${LEAST} % of the lines of ${LAYERS.join(', ')} are tested.`
    : `Tests failed, or less than ${LEAST} % of the lines of ${LAYERS.join(', ')} are tested.`
)
process.exitCode = status ?? 1
