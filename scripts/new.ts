// npm run new -- <kind> <type>: a component that does nothing yet but keeps every rule.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { HOME } from './home.ts'
import { NEW_KINDS, newComponent } from './new-templates.ts'
import type { NewKind } from './new-templates.ts'

const [kind = '', type = ''] = process.argv.slice(2)
const problem = problemOf(kind, type)
if (problem === undefined) create(kind as NewKind, type)
else {
  console.error(problem)
  process.exitCode = 1
}

function problemOf(wantedKind: string, wantedType: string): string | undefined {
  if (wantedKind === 'channel')
    return 'A channel promises too much for a template: copy src/components/channels/memory.'
  if (!NEW_KINDS.some(known => known === wantedKind))
    return `Usage: npm run new -- <${NEW_KINDS.join('|')}> <type>`
  if (!/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(wantedType))
    return 'A type is lower case letters, digits and _, such as file_roll.'
  const folder = folderOf(wantedKind, wantedType)
  return existsSync(join(HOME, folder)) ? `${folder} exists already.` : undefined
}

function create(wantedKind: NewKind, wantedType: string): void {
  const name = nameOf(wantedType)
  const folder = folderOf(wantedKind, wantedType)
  const { code, test, conf } = newComponent(wantedKind, wantedType, name)
  const files = [`${folder}/${name}.ts`, `${folder}/${name}.test.ts`, `${folder}/${name}.conf`]
  const note = `changes/${wantedKind}-${name}.added.md`
  mkdirSync(join(HOME, folder), { recursive: true })
  for (const [index, text] of [code, test, conf].entries())
    writeFileSync(join(HOME, files[index] ?? ''), text)
  writeFileSync(join(HOME, note), `The ${wantedKind} \`${wantedType}\`.\n`)
  register(wantedKind, wantedType, `../components/${wantedKind}s/${name}/${name}.ts`)
  format([...files.slice(0, 2), 'src/app/registry.ts'])
  console.log(
    `Made, and entered in src/app/registry.ts:\n${[...files, note].map(file => `  ${file}`).join('\n')}`
  )
  console.log('Next: docs/guide/write-a-component.md, then npm run docs and npm run check.')
}

// Appends to the list in src/app/registry.ts, which ends with a bracket of its own line.
function register(wantedKind: string, wantedType: string, path: string): void {
  const file = join(HOME, 'src', 'app', 'registry.ts')
  const text = readFileSync(file, 'utf8')
  const end = text.indexOf('\n]', text.indexOf('export const COMPONENTS'))
  const entry = `  { kind: '${wantedKind}', type: '${wantedType}', classes: [], load: async () => (await import('${path}')).default }`
  writeFileSync(file, `${text.slice(0, end)},\n${entry}${text.slice(end)}`)
}

function format(files: readonly string[]): void {
  spawnSync(join(HOME, 'node_modules', '.bin', 'oxfmt'), files, { cwd: HOME, stdio: 'ignore' })
}

function folderOf(wantedKind: string, wantedType: string): string {
  return `src/components/${wantedKind}s/${nameOf(wantedType)}`
}

function nameOf(wantedType: string): string {
  return wantedType.replaceAll('_', '-')
}
