import assert from 'node:assert/strict'
import { test } from 'node:test'
import { textOf } from './source-tree.ts'

interface Entry {
  readonly version: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const lock: { packages: Record<string, Entry> } = JSON.parse(textOf('package-lock.json'))
const settings: Entry = JSON.parse(textOf('package.json'))

test('the lock file names no download addresses', () => {
  assert.doesNotMatch(textOf('package-lock.json'), /"resolved"/)
})

test('our own dependencies are exact versions', () => {
  const { dependencies, devDependencies, optionalDependencies } = settings
  const versions = Object.values({ ...dependencies, ...devDependencies, ...optionalDependencies })

  assert.deepEqual(
    versions.filter(version => !/^\d+\.\d+\.\d+$/.test(version)),
    []
  )
})

test('package.json and the lock file agree', () => {
  const { dependencies, devDependencies, optionalDependencies } = settings

  assert.deepEqual(
    { ...lock.packages[''] },
    { ...lock.packages[''], dependencies, devDependencies, optionalDependencies }
  )
})

// npm ci refuses a lock file that lacks the package of some other platform: see scripts/complete-lock.mjs.
test('every optional platform package has an entry in the lock file (else: npm run lock)', () => {
  const missing = Object.entries(lock.packages).flatMap(([owner, entry]) =>
    Object.keys(entry.optionalDependencies ?? {}).filter(
      name =>
        !(`node_modules/${name}` in lock.packages) && !(`${owner}/node_modules/${name}` in lock.packages)
    )
  )

  assert.deepEqual(missing, [])
})

test('every dependency stands in docs/dependencies.md, with its version', () => {
  const { dependencies, devDependencies, optionalDependencies } = settings
  const lines = textOf('docs/dependencies.md').split('\n')
  const wanted = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })

  const missing = wanted.filter(
    ([name, version]) => !lines.some(line => line.includes(name) && line.includes(version))
  )

  assert.deepEqual(missing, [])
})

test('the launcher looks for the packages that an agent needs, and for the pinned Nodes', () => {
  const launcher = textOf('bin/flume-ng')
  const listed = (name: string): string[] =>
    new RegExp(`^${name}='(.*)'$`, 'm').exec(launcher)?.[1]?.split(' ') ?? []

  assert.deepEqual(listed('packages').sort(), Object.keys(settings.dependencies ?? {}).sort())
  assert.deepEqual(
    listed('pinned').filter(name => !(name in (settings.optionalDependencies ?? {}))),
    []
  )
})
