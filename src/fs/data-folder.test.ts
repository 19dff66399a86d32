import assert from 'node:assert/strict'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { neededHome } from '../java/system-user.ts'
import { dataFolder } from './data-folder.ts'

function environment(variables: Readonly<Record<string, string>>) {
  return { variables, properties: {}, configDirectory: undefined }
}

for (const { platform, variables = {}, expected } of [
  { platform: 'linux', expected: '/users/u/.local/share/millrace' },
  { platform: 'linux', variables: { XDG_DATA_HOME: '/data' }, expected: '/data/millrace' },
  {
    platform: 'linux',
    variables: { XDG_DATA_HOME: 'not/absolute' },
    expected: '/users/u/.local/share/millrace'
  },
  { platform: 'darwin', expected: '/users/u/Library/Application Support/millrace' },
  { platform: 'darwin', variables: { XDG_DATA_HOME: '/data' }, expected: '/data/millrace' },
  { platform: 'win32', expected: '/users/u/AppData/Local/millrace' },
  { platform: 'win32', variables: { LOCALAPPDATA: '/local' }, expected: '/local/millrace' }
]) {
  test(`on ${platform} with ${JSON.stringify(variables)} the user's data is in ${expected}`, () => {
    assert.equal(dataFolder(environment(variables), { platform, home: () => '/users/u' }), expected)
  })
}

test('it is below the home folder of the user, or the one that -Duser.home names', () => {
  const own = { ...environment({}), properties: { 'user.home': '/other' } }

  assert.equal(dataFolder(environment({}), { platform: 'linux' }), join(homedir(), '.local/share/millrace'))
  assert.equal(dataFolder(own, { platform: 'linux' }), '/other/.local/share/millrace')
})

test('a user without a home is told what to set, and needs none where that is set', () => {
  const home = () =>
    neededHome({ properties: {} }, 'XDG_DATA_HOME', () => {
      throw new Error('ENOENT')
    })

  assert.throws(() => dataFolder(environment({}), { platform: 'linux', home }), {
    code: 'ERR_CONFIG',
    message: /has no home folder\. Set HOME to one that may be written to, or XDG_DATA_HOME/
  })
  assert.equal(
    dataFolder(environment({ XDG_DATA_HOME: '/data' }), { platform: 'linux', home }),
    '/data/millrace'
  )
})
