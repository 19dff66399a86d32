import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { KINDS } from '../../src/core/plan.ts'
import { COMPONENTS } from '../../src/app/registry.ts'
import type { AnyDefinition } from '../../src/core/component.ts'
import { HOME } from './source-tree.ts'

interface ComponentFolder {
  readonly kind: string
  readonly folder: string
  readonly name: string
}

const folders = componentFolders()

test('there are component folders', () => {
  assert.ok(folders.length > 5)
})

test('the folders below src/components are the kinds, in the plural', () => {
  const plurals = KINDS.map(kind => `${kind}s`)

  const unknown = readdirSync(join(HOME, 'src/components')).filter(name => !plurals.includes(name))

  assert.deepEqual(unknown, [])
})

for (const { kind, folder, name } of folders) {
  test(`${folder} has ${name}.ts, ${name}.test.ts and ${name}.conf`, () => {
    const missing = ['.ts', '.test.ts', '.conf'].filter(end => !existsSync(join(HOME, folder, name + end)))

    assert.deepEqual(missing, [])
  })

  test(`${folder} exports the definition of that kind and type`, async () => {
    const { kind: definedKind, type } = await definitionIn(folder, name)

    assert.deepEqual(
      { kind: definedKind, folder: type.toLowerCase().replaceAll('_', '-') },
      { kind, folder: name }
    )
  })

  test(`${folder} is in the registry, with the same type and class names`, async () => {
    const definition = await definitionIn(folder, name)

    const entry = COMPONENTS.find(known => known.kind === kind && known.type === definition.type)

    assert.ok(entry !== undefined, 'src/app/registry.ts has no entry for it')
    assert.deepEqual(entry.classes, definition.classes)
    assert.equal(await entry.load(), definition)
  })
}

async function definitionIn(folder: string, name: string): Promise<AnyDefinition> {
  const loaded: { default: AnyDefinition } = await import(join(HOME, folder, `${name}.ts`))
  return loaded.default
}

function componentFolders(): ComponentFolder[] {
  return KINDS.flatMap(kind => {
    const folder = `src/components/${kind}s`
    if (!existsSync(join(HOME, folder))) return []
    return readdirSync(join(HOME, folder)).map(name => ({ kind, folder: `${folder}/${name}`, name }))
  })
}
