import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { needOf } from '../src/app/packages.ts'
import type { AnyDefinition } from '../src/core/component.ts'
import { layerTable } from '../test/conventions/layers.ts'
import { HOME } from './home.ts'

/** Pages by hand of which parts follow from the code, and files are copied into. */
export const PAGES_WITH_PARTS = ['CONTRIBUTING.md', 'docs/dependencies.md', 'docs/guide/write-a-component.md']

/** Such a page as it should be: between `made by npm run docs: NAME` and `end`, and in blocks behind `file: PATH`. */
export function withParts(page: string, definitions: readonly AnyDefinition[]): string {
  const parts: Readonly<Record<string, string>> = { layers: layerTable(), 'on demand': onDemand(definitions) }
  return readFileSync(join(HOME, page), 'utf8')
    .replaceAll(
      /(<!-- made by npm run docs: (.+) -->\n)[^]*?(<!-- end -->)/g,
      (_, head: string, name: string, end: string) => {
        const part = parts[name]
        if (part === undefined) throw new Error(`${page}: nothing is made for "${name}".`)
        return `${head}${part}\n${end}`
      }
    )
    .replaceAll(
      /(<!-- file: (.+) -->\n```\w*\n)[^]*?```\n/g,
      (_, head: string, path: string) => `${head}${readFileSync(join(HOME, path), 'utf8')}\`\`\`\n`
    )
}

/** Which packages components need, by package. */
function onDemand(definitions: readonly AnyDefinition[]): string {
  const needs = new Set(definitions.flatMap(({ needs: own = [] }) => own))
  if (needs.size === 0) return '\nNo component of this version needs one.\n'
  const rows = [...needs].sort().map(need => {
    const { name, version } = needOf(need)
    const users = definitions.filter(definition => definition.needs?.includes(need))
    return `| [${name}](https://www.npmjs.com/package/${name}) | ${version} | ${users.map(({ kind, type }) => `${kind} \`${type}\``).join(', ')} |`
  })
  return ['', '| package | version | for |', '|---|---|---|', ...rows, ''].join('\n')
}
