import assert from 'node:assert/strict'
import { homedir } from 'node:os'
import { test } from 'node:test'
import { userHome, userName } from './system-user.ts'

const nobody = (): string => {
  throw new Error('ENOENT')
}

test('the home folder is what -D says, else what the system says', () => {
  assert.equal(userHome({ properties: { 'user.home': '/data' } }, nobody), '/data')
  assert.equal(userHome({ properties: {} }), homedir())
})

test('a user whom the system does not know has neither home nor name', () => {
  assert.equal(userHome({ properties: {} }, nobody), undefined)
  assert.equal(
    userHome({ properties: {} }, () => ''),
    undefined
  )
  assert.equal(userName(nobody), undefined)
})
