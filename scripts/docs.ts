// npm run docs: writes what follows from the code: docs/reference/**, the list of components, parts of other pages. With --check it writes nothing and fails when that differs.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { componentKinds, componentPages } from '../src/app/component-pages.ts'
import { renderMarkdown } from '../src/app/manual.ts'
import type { ManualPage } from '../src/app/manual.ts'
import type { FindingEntry } from '../src/core/component.ts'
import { FINDING_CODES } from '../src/config/finding-codes.ts'
import { ERROR_CODES } from '../src/core/errors.ts'
import { COMPONENT_LIST, componentListText } from './component-list.ts'
import { countersPage } from './counters-page.ts'
import { PAGES_WITH_PARTS, withParts } from './docs-parts.ts'
import { editorSchema } from './editor-schema.ts'
import { HOME } from './home.ts'

const REFERENCE = join(HOME, 'docs', 'reference')
const GENERATED = '<!-- Written by `npm run docs`; change the code, not this page. -->\n\n'

const pages = await allPages()
if (process.argv.includes('--check')) check()
else write()

async function allPages(): Promise<Map<string, string>> {
  const components = (await Promise.all(componentKinds().map(componentPages))).flat()
  const definitions = components.map(part => part.definition)
  const made = components.map((page): [string, string] => [pathOf(page), GENERATED + renderMarkdown(page)])
  return new Map([
    ['README.md', GENERATED + overview(components)],
    [`../../${COMPONENT_LIST}`, await componentListText()],
    ['error-codes.md', GENERATED + errorCodes()],
    ['findings.md', GENERATED + findingCodes(components)],
    ['counters.md', GENERATED + countersPage(components, pathOf)],
    ['millrace.schema.json', `${JSON.stringify(editorSchema(definitions), null, 2)}\n`],
    ...PAGES_WITH_PARTS.map((page): [string, string] => [`../../${page}`, withParts(page, definitions)]),
    ...made
  ])
}

function pathOf({ definition: { kind, type } }: ManualPage): string {
  return `${kind}s/${type.toLowerCase().replaceAll('_', '-')}.md`
}

function overview(components: readonly ManualPage[]): string {
  const lines = components.map(page => {
    const { kind, type, summary } = page.definition
    return `| ${kind} | [${type}](${pathOf(page)}) | ${summary} |`
  })
  return `# Reference

| kind | type | |
|---|---|---|
${lines.join('\n')}

Beside them: [findings of \`validate\`](findings.md), [error codes](error-codes.md), [counters](counters.md), and a
[JSON schema](millrace.schema.json) of the settings for editors.
`
}

function errorCodes(): string {
  const source = readFileSync(join(HOME, 'src', 'core', 'errors.ts'), 'utf8')
  const rows = Object.entries(ERROR_CODES).map(([code, retry]) => {
    const meaning = new RegExp(String.raw`/\*\* (.+) \*/\n\s*${code}:`).exec(source)?.[1]
    if (meaning === undefined) throw new Error(`${code} has no comment in src/core/errors.ts.`)
    return `| \`${code}\` | ${retry} | ${meaning} |`
  })
  return `# Error codes

Log lines of errors carry one of these codes. *Retryable* means that the same call may succeed later; errors of other
origin count as retryable.

| code | | meaning |
|---|---|---|
${rows.join('\n')}
`
}

function findingCodes(components: readonly ManualPage[]): string {
  const rows = Object.entries(FINDING_CODES).map(codeRow)
  const own = new Map(components.flatMap(page => Object.entries(page.definition.findings ?? {})))
  return `# Findings

What \`flume-ng validate\` and the start of an agent can say about a configuration. The level is the usual one.

| code | level | meaning |
|---|---|---|
${rows.join('\n')}

Single components add these:

| code | level | meaning |
|---|---|---|
${[...own].map(codeRow).join('\n')}
`
}

function codeRow([code, { level, meaning }]: [string, FindingEntry]): string {
  return `| \`${code}\` | ${level} | ${meaning} |`
}

function write(): void {
  for (const stale of existing().filter(path => !pages.has(path))) rmSync(join(REFERENCE, stale))
  for (const [path, text] of pages) {
    mkdirSync(dirname(join(REFERENCE, path)), { recursive: true })
    writeFileSync(join(REFERENCE, path), text)
  }
  console.log(`Wrote ${pages.size} pages.`)
}

function check(): void {
  const written = existing()
  const differing = [...pages].filter(([path, text]) => textOf(path) !== text).map(([path]) => path)
  const wrong = [...differing, ...written.filter(path => !pages.has(path))]
  if (wrong.length === 0) {
    console.log(`What follows from the code is up to date: ${pages.size} pages.`)
    return
  }
  console.error(
    `What follows from the code differs from it (npm run docs):\n${wrong.map(path => `  ${join('docs/reference', path)}`).join('\n')}`
  )
  process.exitCode = 1
}

function textOf(path: string): string | undefined {
  const file = join(REFERENCE, path)
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}

function existing(): string[] {
  if (!existsSync(REFERENCE)) return []
  return readdirSync(REFERENCE, { withFileTypes: true, recursive: true })
    .filter(entry => entry.isFile())
    .map(entry => relative(REFERENCE, join(entry.parentPath, entry.name)).split(sep).join('/'))
}
