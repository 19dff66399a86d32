import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { COMPONENT_LIST, componentListText } from '../../scripts/component-list.ts'
import { COMPONENTS } from '../../src/app/registry.ts'
import { KNOWN_TYPES } from '../../src/config/known-types.ts'
import type { AnyDefinition } from '../../src/core/component.ts'
import { KINDS } from '../../src/core/plan.ts'
import { filesBelow, HOME, textOf } from './source-tree.ts'

interface ComponentFolder {
  readonly kind: string
  readonly folder: string
  readonly name: string
}

const folders = componentFolders()
const definitions = await Promise.all(folders.map(definitionIn))

test('there are component folders', () => {
  assert.ok(folders.length > 5)
})

test('the folders below src/components are the kinds, in the plural', () => {
  const plurals = KINDS.map(kind => `${kind}s`)

  const unknown = readdirSync(join(HOME, 'src/components')).filter(name => !plurals.includes(name))

  assert.deepEqual(unknown, [])
})

test('each folder has NAME.ts, NAME.test.ts and NAME.conf', () => {
  const missing = folders.flatMap(({ folder, name }) =>
    ['.ts', '.test.ts', '.conf']
      .map(end => join(folder, name + end))
      .filter(path => !existsSync(join(HOME, path)))
  )

  assert.deepEqual(missing, [])
})

test('each folder exports the definition of its kind and type by default', () => {
  const told = definitions.map(({ kind, type }) => `${kind} ${type.toLowerCase().replaceAll('_', '-')}`)

  assert.deepEqual(
    told,
    folders.map(({ kind, name }) => `${kind} ${name}`)
  )
})

test('the tests of each source, channel and sink call the contract of their kind', () => {
  const kinds = ['source', 'channel', 'sink']
  const without = folders.filter(({ kind, folder }) => {
    const tests = filesBelow(folder, ['.test.ts']).map(textOf)
    return kinds.includes(kind) && !tests.some(text => new RegExp(`\\b${kind}Contract[(<]`).test(text))
  })

  assert.deepEqual(
    without.map(({ folder }) => folder),
    []
  )
})

test('the list of components is what the folders say (else: npm run docs)', async () => {
  assert.equal(textOf(COMPONENT_LIST), await componentListText())
})

test('no name stands for two components', () => {
  const names = definitions.flatMap(({ kind, type, classes }) =>
    [type.toLowerCase(), ...classes].map(name => `${kind} ${name}`)
  )

  assert.deepEqual(
    names.filter((name, at) => names.indexOf(name) < at),
    []
  )
})

test('the list loads what the folders export', async () => {
  assert.deepEqual(await Promise.all(COMPONENTS.map(({ load }) => load())), definitions)
})

test('a component has the class names that Flume has for its type', () => {
  const missing = KNOWN_TYPES.flatMap(known => {
    const definition = definitions.find(({ kind, type }) => kind === known.kind && type === known.type)
    return definition === undefined
      ? []
      : known.classes.filter(name => !definition.classes.includes(name)).map(name => `${known.type}: ${name}`)
  })

  assert.deepEqual(missing, [])
})

test('a package on demand has an exact version: that of the development dependency, where there is one', () => {
  const { devDependencies } = JSON.parse(textOf('package.json')) as {
    devDependencies: Readonly<Record<string, string>>
  }
  const wrong = definitions
    .flatMap(({ needs = [] }) => needs)
    .filter(need => {
      const [, name = '', version] = /^(@?[^@]+)@(\d+\.\d+\.\d+)$/.exec(need) ?? []
      return version === undefined || (devDependencies[name] ?? version) !== version
    })

  assert.deepEqual(wrong, [])
})

async function definitionIn({ folder, name }: ComponentFolder): Promise<AnyDefinition> {
  const loaded: { default: AnyDefinition } = await import(join(HOME, folder, `${name}.ts`))
  return loaded.default
}

function componentFolders(): ComponentFolder[] {
  return KINDS.toSorted().flatMap(kind => {
    const folder = `src/components/${kind}s`
    if (!existsSync(join(HOME, folder))) return []
    return readdirSync(join(HOME, folder))
      .toSorted()
      .map(name => ({ kind, folder: `${folder}/${name}`, name }))
  })
}
