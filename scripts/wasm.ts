/**
 * Compiles src/wire/newline-scan.as and writes it as a module. The compiler is 100 MB and rarely needed, so it is no
 * dependency: npm fetches it for the call. Tests compare the module's answers with plain JavaScript.
 */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HOME } from './home.ts'

const COMPILER = 'assemblyscript@0.28.20'
const source = join(HOME, 'src/wire/newline-scan.as')
const target = join(HOME, 'src/wire/newline-scan.wasm.ts')

function compile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-wasm-'))
  try {
    copyFileSync(source, join(folder, 'scan.ts'))
    const output = join(folder, 'scan.wasm')
    const options = [
      'scan.ts',
      '-o',
      output,
      '-O3',
      '--noAssert',
      '--runtime',
      'stub',
      '--enable',
      'simd',
      '--initialMemory',
      '10',
      '--maximumMemory',
      '10',
      '--memoryBase',
      '589824'
    ]
    const { status, stderr } = spawnSync(
      'npm',
      ['exec', '--yes', '--package', COMPILER, '--', 'asc', ...options],
      {
        cwd: folder,
        encoding: 'utf8'
      }
    )
    if (status !== 0) throw new Error(`The compiler failed: ${stderr}`)
    return readFileSync(output).toString('base64')
  } finally {
    rmSync(folder, { recursive: true })
  }
}

writeFileSync(
  target,
  `/** newline-scan.as, compiled by \`npm run wasm\`. */\nexport const NEWLINE_SCAN =\n  '${compile()}'\n`
)
