// npm run new -- <kind> <type>: the folder of a component that does little yet but keeps every rule, and nothing else.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { COMPONENT_LIST, componentListText } from './component-list.ts'
import { HOME } from './home.ts'
import { newComponent, TEMPLATES, type Template } from './new-templates.ts'

const [word = '', type = ''] = process.argv.slice(2)
const template: Template | undefined = Object.hasOwn(TEMPLATES, word)
  ? TEMPLATES[word as keyof typeof TEMPLATES]
  : undefined
const problem = problemOf(template, type)
if (problem === undefined && template !== undefined) await create(template, type)
else {
  console.error(problem)
  process.exitCode = 1
}

function problemOf(wanted: Template | undefined, wantedType: string): string | undefined {
  if (wanted === undefined) return `Usage: npm run new -- <${Object.keys(TEMPLATES).join('|')}> <type>`
  if (!/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(wantedType))
    return 'A type is lower case letters, digits and _, such as file_roll.'
  const folder = folderOf(wanted, wantedType)
  return existsSync(join(HOME, folder)) ? `${folder} exists already.` : undefined
}

async function create(wanted: Template, wantedType: string): Promise<void> {
  const file = fileOf(wantedType)
  const folder = folderOf(wanted, wantedType)
  const { code, test, conf } = newComponent(wanted, wantedType, file)
  const texts: Readonly<Record<string, string>> = {
    [`${folder}/${file}.ts`]: code,
    [`${folder}/${file}.test.ts`]: test,
    [`${folder}/${file}.conf`]: conf,
    [`changes/${wanted.kind}-${file}.added.md`]: `The ${wanted.kind} \`${wantedType}\`.\n`
  }
  for (const [path, text] of Object.entries(texts)) {
    mkdirSync(join(HOME, dirname(path)), { recursive: true })
    writeFileSync(join(HOME, path), text)
  }
  spawnSync(join(HOME, 'node_modules', '.bin', 'oxfmt'), [folder], { cwd: HOME, stdio: 'ignore' })
  writeFileSync(join(HOME, COMPONENT_LIST), await componentListText())
  console.log(
    `Made:\n${Object.keys(texts)
      .map(path => `  ${path}`)
      .join('\n')}`
  )
  console.log('Next: docs/guide/write-a-component.md, then npm run docs and npm run check.')
}

function folderOf({ kind }: Template, wantedType: string): string {
  return `src/components/${kind}s/${fileOf(wantedType)}`
}

function fileOf(wantedType: string): string {
  return wantedType.replaceAll('_', '-')
}
