import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { needOf, Packages, pluginRoots } from './packages.ts'

/** A plug-in whose part has a package. */
function plugIn(t: TestContext, part: string, version: string): string {
  const root = mkdtempSync(join(tmpdir(), 'millrace-packages-'))
  t.after(() => rmSync(root, { recursive: true, force: true }))
  const folder = join(root, 'some-plug-in', part, 'node_modules', 'driver')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'driver', version, main: 'main.js' }))
  writeFileSync(join(folder, 'main.js'), 'exports.answer = 42\n')
  return root
}

const environment = {
  variables: { FLUME_HOME: '/opt/flume', XDG_DATA_HOME: '/data' },
  properties: {},
  configDirectory: undefined
}

test('a need is taken apart at its last @', () => {
  assert.deepEqual(needOf('@aws-sdk/client-s3@3.1.0'), { name: '@aws-sdk/client-s3', version: '3.1.0' })
})

test('plug-ins lie in plugins.d, then among the data of the user', () => {
  assert.deepEqual(pluginRoots(environment, undefined), ['/opt/flume/plugins.d', '/data/millrace/plugins.d'])
})

test('an installation by npm is replaced as a whole: there the data of the user come first', () => {
  const FLUME_HOME = '/usr/lib/node_modules/millrace'

  const [first] = pluginRoots(
    { ...environment, variables: { ...environment.variables, FLUME_HOME } },
    undefined
  )

  assert.equal(first, '/data/millrace/plugins.d')
})

test('--plugins-path takes their place', () => {
  assert.deepEqual(pluginRoots(environment, `/a${delimiter}/b`), ['/a', '/b'])
})

for (const part of ['.', 'lib', 'libext']) {
  test(`a package in ${part} of a plug-in is found and loaded`, async t => {
    const packages = new Packages([plugIn(t, part, '2.1.0')])

    assert.equal(packages.versionOf('driver'), '2.1.0')
    assert.deepEqual(await packages.load('driver'), { answer: 42 })
  })
}

const FITTING: readonly [found: string, wanted: string, fits: boolean][] = [
  ['2.1.0', '2.1.0', true],
  ['2.3.0', '2.1.0', true],
  ['3.0.0', '2.1.0', false],
  ['20.0.0', '2.1.0', false],
  ['0.4.9', '0.4.1', true],
  ['0.5.0', '0.4.1', false]
]
for (const [found, wanted, fits] of FITTING) {
  test(`${found} does ${fits ? '' : 'not '}do for ${wanted}`, t => {
    const packages = new Packages([plugIn(t, 'lib', found)], '/plug-ins')

    const missing = packages.missing([`driver@${wanted}`])

    assert.deepEqual(
      missing,
      fits
        ? undefined
        : {
            what: `driver ${wanted} (${found} is there)`,
            command: 'flume-ng plugin add driver --plugins-path /plug-ins'
          }
    )
  })
}

test('what is not there is refused with the command that installs it', async () => {
  await assert.rejects(new Packages([]).load('@millrace-test/nothing'), {
    code: 'ERR_START',
    message: 'The package @millrace-test/nothing is not installed: flume-ng plugin add @millrace-test/nothing'
  })
})
