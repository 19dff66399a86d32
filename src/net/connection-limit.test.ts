import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import { test } from 'node:test'
import { fakeSinkContext } from '../testing/fake-context.ts'
import { connectionLimit, isOfAccept, limitConnections } from './connection-limit.ts'

test('some descriptors are kept for files, at most half of them', () => {
  assert.deepEqual([1024, 128, 20, 1].map(connectionLimit), [960, 64, 10, 0])
  assert.equal(connectionLimit(undefined), undefined)
})

test('clients beyond the limit are turned away, which is said once a minute', async () => {
  const context = fakeSinkContext()
  const server = createServer()
  limitConnections(server, context)
  server.maxConnections = 1
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  const inside = connect(port, '127.0.0.1')
  await once(inside, 'connect')
  for (let i = 0; i < 3; i++) await once(connect(port, '127.0.0.1').resume(), 'close')
  context.clock.set(0)
  await context.clock.advance(60_000)
  await once(connect(port, '127.0.0.1').resume(), 'close')
  inside.destroy()
  server.close()

  const clients = context.log.lines
    .filter(({ level }) => level === 'warn')
    .map(({ facts }) => facts['clients'])
  assert.deepEqual(clients, [1, 3])
})

test('an error of accept is not one of the server', () => {
  assert.equal(
    isOfAccept(Object.assign(new Error('accept EMFILE'), { syscall: 'accept', code: 'EMFILE' })),
    true
  )
  assert.equal(isOfAccept(Object.assign(new Error('listen EADDRINUSE'), { syscall: 'listen' })), false)
})
