import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { readInto } from './read-into.ts'

for (const direct of [true, false]) {
  const way = direct ? 'by the accepted handle' : 'by the public way'

  test(`everything received passes through the buffer, answers go out, ends are seen (${way})`, async () => {
    const buffer = Buffer.alloc(1000)
    const received: Buffer[] = []
    const ended = Promise.withResolvers<void>()
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, accepted => {
      const socket = readInto(
        accepted,
        () => buffer,
        bytes => received.push(Buffer.from(buffer.subarray(0, bytes))),
        direct
      )
      socket.on('end', () => {
        socket.end('goodbye')
        ended.resolve()
      })
      socket.resume()
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const sent = Buffer.from(Array.from({ length: 100_000 }, (_, i) => i % 251))
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
    client.end(sent)
    const answer = await text(client)
    await ended.promise
    server.close()
    await once(server, 'close')

    assert.deepEqual([Buffer.concat(received).equals(sent), answer], [true, 'goodbye'])
  })

  test(`a paused socket reads nothing until it is resumed (${way})`, async () => {
    const buffer = Buffer.alloc(1000)
    let received = 0
    const accepted = Promise.withResolvers<ReturnType<typeof readInto>>()
    const server = createServer({ pauseOnConnect: true }, socket => {
      accepted.resolve(
        readInto(
          socket,
          () => buffer,
          bytes => {
            received += bytes
          },
          direct
        )
      )
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
    client.write('early')
    const socket = await accepted.promise
    for (let turn = 0; turn < 50; turn++) await new Promise(resolve => setImmediate(resolve))
    const before = received
    socket.resume()
    client.end()
    await once(socket, 'close')
    server.close()

    assert.deepEqual([before, received], [0, 5])
  })
}

test('the server knows when the last connection is gone', async () => {
  const server = createServer({ pauseOnConnect: true }, socket => {
    readInto(
      socket,
      () => Buffer.alloc(10),
      () => {},
      true
    ).resume()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const connected = once(server, 'connection')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  await connected
  let closed = false
  server.close(() => {
    closed = true
  })
  const before = closed
  client.destroy()
  await once(server, 'close')

  assert.deepEqual([before, closed], [false, true])
})
