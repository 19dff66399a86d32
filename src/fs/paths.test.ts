import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { AgentError } from '../core/errors.ts'
import { normalizePath, splitAuthority, splitUri } from './paths.ts'

test('URIs come apart without being decoded', () => {
  assert.deepEqual(splitUri('WebHDFS://h:1/a b/%41?#:x'), {
    scheme: 'webhdfs',
    authority: 'h:1',
    path: '/a b/%41?#:x'
  })
  assert.deepEqual(splitUri('file:///x'), { scheme: 'file', authority: '', path: '/x' })
  assert.deepEqual(splitUri('embedded:a/b'), { scheme: 'embedded', authority: undefined, path: 'a/b' })
  assert.deepEqual(splitUri('webhdfs://h'), { scheme: 'webhdfs', authority: 'h', path: '' })
  assert.deepEqual(splitUri('/a:b'), { scheme: undefined, authority: undefined, path: '/a:b' })
})

test('a URI put together again is what it was', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'ab:/. %?#ü') }), uri => {
      const { scheme, authority, path } = splitUri(uri)
      const whole = `${scheme === undefined ? '' : `${scheme}:`}${authority === undefined ? '' : `//${authority}`}${path}`
      assert.equal(whole, uri)
    })
  )
})

test('a normalized path is absolute, stays below the root, and stays as it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'ab./ ') }), path => {
      const normal = normalizePath(path)
      assert.match(normal, /^\//)
      assert.ok(
        normal
          .split('/')
          .slice(1)
          .every(
            (part, i, all) => part !== '.' && part !== '..' && (part !== '' || (all.length === 1 && i === 0))
          )
      )
      assert.equal(normalizePath(normal), normal)
    })
  )
})

test('an authority gives a host and a port that can be connected to, or ERR_CONFIG', () => {
  assert.deepEqual(splitAuthority('h', 9870), { host: 'h', port: 9870 })
  assert.deepEqual(splitAuthority('[::1]:1', 9870), { host: '[::1]', port: 1 })
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.webAuthority()), authority => {
      try {
        const { host, port } = splitAuthority(authority, 9870)
        assert.ok(host.length > 0 && port >= 1 && port <= 65_535)
      } catch (error) {
        assert.ok(error instanceof AgentError, String(error))
      }
    })
  )
})
