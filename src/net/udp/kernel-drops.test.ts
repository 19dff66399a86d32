import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { endianness } from 'node:os'
import { test } from 'node:test'
import { hexAddress, KernelDrops } from './kernel-drops.ts'

test('addresses are written as the kernel of this machine writes them', () => {
  const little = endianness() === 'LE'

  assert.deepEqual(
    ['127.0.0.1', '::', '::1', '2001:db8::7:1', '::ffff:127.0.0.1', 'fe80::1%eth0'].map(hexAddress),
    [
      little ? '0100007F' : '7F000001',
      '0'.repeat(32),
      little ? '00000000000000000000000001000000' : '00000000000000000000000000000001',
      little ? 'B80D0120000000000000000001000700' : '20010DB8000000000000000000070001',
      little ? '0000000000000000FFFF00000100007F' : '00000000000000000000FFFF7F000001',
      little ? '000080FE000000000000000001000000' : 'FE800000000000000000000000000001'
    ]
  )
})

for (const [type, address] of [
  ['udp4', '127.0.0.1'],
  ['udp6', '::1'],
  ['udp6', '::']
] as const) {
  test(`a socket on ${address} is found among all`, async t => {
    if (!existsSync('/proc/net/udp')) return t.skip('no /proc/net/udp')
    const socket = createSocket(type)
    t.after(() => socket.close())
    socket.bind(0, address)
    const bound = await once(socket, 'listening').then(
      () => true,
      () => false
    )
    if (!bound) return t.skip(`${address} cannot be bound to`)

    const drops = await KernelDrops.of(socket.address())

    assert.equal(await drops?.count(), 0)
  })
}

test('a socket of another process is not taken for ours, and what is closed has no number', async t => {
  if (!existsSync('/proc/net/udp')) return t.skip('no /proc/net/udp')
  const row = '  1: 0100007F:0001 00000000:0000 07 00000000:00000000 00:00000000 00000000 0 0 1 2 0 5'
  const foreign = await KernelDrops.of({ address: '127.0.0.1', port: 1 }, async () => `head\n${row}\n`)
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const drops = await KernelDrops.of(socket.address())
  socket.close()
  await once(socket, 'close')

  assert.deepEqual([foreign, await drops?.count()], [undefined, undefined])
})
