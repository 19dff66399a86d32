import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { KINDS } from '../../src/core/plan.ts'
import { HOME, textOf } from './source-tree.ts'

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
    const loaded: { default?: { kind?: unknown; type?: unknown } } = await import(
      join(HOME, folder, `${name}.ts`)
    )

    const { kind: definedKind, type } = loaded.default ?? {}

    assert.deepEqual(
      { kind: definedKind, folder: String(type).toLowerCase().replaceAll('_', '-') },
      { kind, folder: name }
    )
  })

  test(`${folder} is in the registry`, () => {
    const path = `${folder.replace('src/', '../')}/${name}.ts`

    assert.ok(
      textOf('src/app/registry.ts').includes(`'${path}'`),
      `src/app/registry.ts does not import ${path}`
    )
  })
}

function componentFolders(): ComponentFolder[] {
  return KINDS.flatMap(kind => {
    const folder = `src/components/${kind}s`
    if (!existsSync(join(HOME, folder))) return []
    return readdirSync(join(HOME, folder)).map(name => ({ kind, folder: `${folder}/${name}`, name }))
  })
}
