// The list of components that src/app/registry.ts looks types up in, made from the folders below src/components.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { AnyDefinition } from '../src/core/component.ts'
import { HOME } from './home.ts'

/** Where the list is kept; `npm run docs` writes it. */
export const COMPONENT_LIST = 'src/app/component-list.ts'

/** The text that COMPONENT_LIST should have: one line to a folder, so that two branches can add theirs. */
export async function componentListText(): Promise<string> {
  const lines = await Promise.all(folders().map(lineOf))
  return `// Written by \`npm run docs\` from the folders below src/components; change the definitions there, not this list.

/** Every component: what it is called, which packages it wants, and how to get its definition. */
export const COMPONENT_LIST = [
${lines.map(line => `${line},`).join('\n')}
] as const
`
}

interface Folder {
  readonly kinds: string
  readonly name: string
}

function folders(): Folder[] {
  const components = join(HOME, 'src', 'components')
  return foldersIn(components).flatMap(kinds =>
    foldersIn(join(components, kinds))
      .filter(name => existsSync(join(components, kinds, name, `${name}.ts`)))
      .map(name => ({ kinds, name }))
  )
}

async function lineOf({ kinds, name }: Folder): Promise<string> {
  const path = `components/${kinds}/${name}/${name}.ts`
  const module = (await import(pathToFileURL(join(HOME, 'src', path)).href)) as { default?: AnyDefinition }
  const definition = module.default
  if (definition === undefined) throw new Error(`src/${path} exports no definition by default.`)
  const { kind, type, classes, needs = [] } = definition
  const facts = [
    `kind: ${quoted(kind)}`,
    `type: ${quoted(type)}`,
    `classes: [${classes.map(quoted).join(', ')}]`,
    `needs: [${needs.map(quoted).join(', ')}]`,
    `load: () => import('../${path}')`
  ]
  return `  { ${facts.join(', ')} }`
}

function quoted(text: string): string {
  return `'${text.replaceAll(/[\\']/g, String.raw`\$&`)}'`
}

function foldersIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .map(entry => entry.name)
    .sort()
}
