import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { AnyDefinition } from '../core/component.ts'
import type { ManualPage } from './manual.ts'

const COMPONENTS = join(import.meta.dirname, '..', 'components')
// .ts in a clone, .js in the published package.
const SUFFIX = extname(import.meta.filename)

/** Folders of components, as `flume-ng help` names them: `sources`, `sinks` and so on. */
export function componentKinds(): string[] {
  return foldersOf(COMPONENTS)
}

/** One page for each component of a kind, by type. */
export async function componentPages(kinds: string): Promise<ManualPage[]> {
  const folder = join(COMPONENTS, kinds)
  const types = foldersOf(folder).filter(type => existsSync(join(folder, type, type + SUFFIX)))
  return Promise.all(types.map(type => pageOf(join(folder, type), type)))
}

async function pageOf(folder: string, type: string): Promise<ManualPage> {
  const module = (await import(pathToFileURL(join(folder, type + SUFFIX)).href)) as { default: AnyDefinition }
  return {
    definition: module.default,
    example: textOf(join(folder, `${type}.conf`))?.replace(/^# needs:.*\n/, ''),
    notes: textOf(join(folder, 'notes.md'))
  }
}

function foldersOf(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .map(({ name }) => name)
    .toSorted()
}

function textOf(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}
