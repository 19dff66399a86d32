// npm run build: src → dist, for the published package only (Node refuses .ts files inside node_modules).
import { execFileSync } from 'node:child_process'
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'

const home = join(import.meta.dirname, '..')
const [source, target] = [join(home, 'src'), join(home, 'dist')]

rmSync(target, { recursive: true, force: true })
execFileSync(join(home, 'node_modules', '.bin', 'tsc'), ['-p', 'tsconfig.build.json'], {
  cwd: home,
  stdio: 'inherit'
})
copyData()
const scripts = filesBelow(target).filter(path => path.endsWith('.js'))
for (const file of scripts) pointWorkersAtScripts(file)
console.log(`Built ${scripts.length} modules into ${relative(home, target)}/.`)

// What the code reads at run time beside itself: examples and notes of components, web pages, WebAssembly.
function copyData(): void {
  for (const file of filesBelow(source)) {
    const path = relative(source, file)
    if (/\.ts$|(^|\/)(fixtures|testing)\//.test(path)) continue
    cpSync(file, join(target, path))
  }
}

// The compiler renames .ts in imports but not in `new URL('./worker.ts', import.meta.url)`.
function pointWorkersAtScripts(file: string): void {
  const text = readFileSync(file, 'utf8')
  const changed = text.replaceAll(/(new URL\(\s*['"]\.[^'"]+)\.ts(['"],\s*import\.meta\.url)/g, '$1.js$2')
  if (changed !== text) writeFileSync(file, changed)
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
}
