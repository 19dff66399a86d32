import assert from 'node:assert/strict'
import { isIP } from 'node:net'
import { hostname } from 'node:os'
import { test } from 'node:test'
import { AgentError } from '../core/errors.ts'
import { hostNames } from './host-names.ts'

test('the host has a name, an address and a canonical name, or the failure says so', async () => {
  try {
    const { localhost, ip, fqdn } = await hostNames()

    assert.deepEqual([localhost, isIP(ip) > 0, fqdn !== ''], [hostname(), true, true])
  } catch (error) {
    assert.ok(error instanceof AgentError)
    assert.deepEqual([error.code, error.message], ['ERR_START', 'Unable to get localhost'])
  }
})
