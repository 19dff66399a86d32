import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { ManualPage } from '../src/app/manual.ts'
import { KINDS } from '../src/core/plan.ts'
import type { Kind } from '../src/core/plan.ts'

/** The folder of the repository. */
export const HOME = join(import.meta.dirname, '..')

/** One component of the tree, with what stands beside its code. */
export interface Component extends ManualPage {
  readonly kind: Kind
  /** Name of its folder. */
  readonly name: string
}

/** Every component below src/components, by kind and name. */
export async function allComponents(): Promise<Component[]> {
  const found: Component[] = []
  for (const kind of KINDS) {
    const folder = join(HOME, 'src', 'components', `${kind}s`)
    const names = existsSync(folder) ? readdirSync(folder).sort() : []
    for (const name of names) found.push(await component(kind, name, join(folder, name)))
  }
  return found
}

async function component(kind: Kind, name: string, folder: string): Promise<Component> {
  const module: { default: ManualPage['definition'] } = await import(
    pathToFileURL(join(folder, `${name}.ts`)).href
  )
  return {
    kind,
    name,
    definition: module.default,
    example: textIfThere(join(folder, `${name}.conf`)),
    notes: textIfThere(join(folder, 'notes.md'))
  }
}

function textIfThere(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}
