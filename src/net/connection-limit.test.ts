import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { test } from 'node:test'
import { fakeSinkContext } from '../testing/fake-context.ts'
import { isOfAccept, keptFree, limitConnections, type ClientDescriptors } from './connection-limit.ts'

test('a quarter of the descriptors is kept for files, within bounds, and at most half of those that are free', () => {
  const rows = [
    [20_000, 30],
    [1024, 30],
    [128, 30],
    [64, 25],
    [64, 63],
    [10, 25]
  ] as const

  assert.deepEqual(
    rows.map(([limit, inUse]) => keptFree(limit, inUse)),
    [4096, 256, 49, 20, 1, 0]
  )
})

async function listening(descriptors: ClientDescriptors | undefined) {
  const context = fakeSinkContext()
  let inside = 0
  const server = createServer((socket: Socket) => {
    if (mayStay(socket)) inside++
  })
  const mayStay = limitConnections(server, context, descriptors)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const dial = () =>
    connect((server.address() as AddressInfo).port, '127.0.0.1')
      .on('error', () => {})
      .resume()
  return { context, server, dial, inside: () => inside }
}

test('a client whose descriptor is one of those kept free is turned away, which is said once a minute', async () => {
  const { context, server, dial, inside } = await listening({ limit: 64, end: 0 })
  for (let i = 0; i < 3; i++) await once(dial(), 'close')
  await context.clock.advance(60_000)
  await context.clock.advance(60_000)
  await once(dial(), 'close')
  await once(dial(), 'close')
  server.close()
  await once(server, 'close')

  const said = context.log.lines.filter(({ level }) => level === 'warn').map(({ facts }) => facts)
  assert.deepEqual(
    [inside(), said.map(({ clients, limit, keptFree: kept }) => [clients, limit, kept])],
    [0, [1, 2, 1, 1].map(clients => [clients, 64, 64])]
  )
})

for (const descriptors of [{ limit: 1e6, end: 1e6 }, undefined]) {
  test(`other clients stay (${descriptors === undefined ? 'what the system lets us have' : 'no limit'})`, async () => {
    const { context, server, dial, inside } = await listening(descriptors)
    const connected = once(server, 'connection')
    const client = dial()
    await connected
    client.destroy()
    server.close()
    await once(server, 'close')

    assert.deepEqual([inside(), context.log.lines], [1, []])
  })
}

test('an error of accept is not one of the server', () => {
  assert.equal(
    isOfAccept(Object.assign(new Error('accept EMFILE'), { syscall: 'accept', code: 'EMFILE' })),
    true
  )
  assert.equal(isOfAccept(Object.assign(new Error('listen EADDRINUSE'), { syscall: 'listen' })), false)
})
