/** Compiles src/wire/newline-scan.as and writes it as a module; with --check only compares. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HOME } from './home.ts'

const source = join(HOME, 'src/wire/newline-scan.as')
const target = join(HOME, 'src/wire/newline-scan.wasm.ts')

function compile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-wasm-'))
  try {
    copyFileSync(source, join(folder, 'scan.ts'))
    const compiler = join(HOME, 'node_modules/assemblyscript/bin/asc.js')
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
    const { status, stderr } = spawnSync(process.execPath, [compiler, ...options], {
      cwd: folder,
      encoding: 'utf8'
    })
    if (status !== 0) throw new Error(`The compiler failed: ${stderr}`)
    return readFileSync(output).toString('base64')
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const text = `/** newline-scan.as, compiled by \`npm run wasm\`. */\nexport const NEWLINE_SCAN =\n  '${compile()}'\n`
if (!process.argv.includes('--check')) writeFileSync(target, text)
else if (readFileSync(target, 'utf8').replaceAll(/\s+/g, '') !== text.replaceAll(/\s+/g, '')) {
  console.error('src/wire/newline-scan.wasm.ts does not match its source. Run `npm run wasm`.')
  process.exitCode = 1
}
