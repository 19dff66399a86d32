import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { test, type TestContext } from 'node:test'
import { readSettings } from '../../core/read-settings.ts'
import { fakeSinkContext, textsOf } from '../../testing/fake-context.ts'
import type { ReadTable } from './kernel-drops.ts'
import { UdpReceiver, udpSettings, type Datagrams, type UdpOptions } from './udp-receiver.ts'

const LOCAL: UdpOptions = { host: '127.0.0.1', port: 0, receiveBuffer: undefined }

/** A started receiver that keeps what it is given; while `gate` is set, taking waits for it. */
async function started(t: TestContext, options: Partial<UdpOptions> = {}, readTable?: ReadTable) {
  const context = fakeSinkContext()
  const taken: Datagrams[] = []
  const state: { gate: Promise<void> | undefined; enough: number; reached: () => void } = {
    gate: undefined,
    enough: Infinity,
    reached: () => {}
  }
  const receiver = new UdpReceiver(
    { ...LOCAL, ...options },
    async datagrams => {
      taken.push(datagrams)
      if (taken.reduce((sum, { batch }) => sum + batch.length, 0) >= state.enough) state.reached()
      await state.gate
    },
    readTable === undefined ? context : { ...context, readTable }
  )
  await receiver.start()
  t.after(() => receiver.stop())
  const texts = (): string[] => taken.flatMap(({ batch }) => textsOf(batch))
  /** Resolves once so many were handed over. */
  const handedOver = async (count: number): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>()
    state.reached = resolve
    state.enough = count
    if (texts().length < count) await promise
  }
  return { receiver, context, taken, state, texts, handedOver }
}

/** Sends these datagrams, in one go. */
async function send(t: TestContext, receiver: UdpReceiver, ...texts: readonly (string | Buffer)[]) {
  const { port = 0, address = '' } = receiver.address ?? {}
  const socket = createSocket(address.includes('.') ? 'udp4' : 'udp6')
  t.after(() => socket.close())
  socket.connect(port, address === '::' ? '::1' : address)
  await once(socket, 'connect')
  const sent = texts.map(
    text =>
      new Promise<void>((resolve, reject) => socket.send(text, error => (error ? reject(error) : resolve())))
  )
  await Promise.all(sent)
  // The loop looks at sockets between its turns.
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate)
  return socket.address().port
}

test('datagrams come whole, in order, with their senders, in common batches', async t => {
  const { receiver, taken, texts, handedOver } = await started(t)

  const port = await send(t, receiver, 'one', '', 'two\nlines', Buffer.alloc(60_000, 'x'))
  await handedOver(4)

  assert.deepEqual(texts(), ['one', '', 'two\nlines', 'x'.repeat(60_000)])
  assert.deepEqual(
    taken.flatMap(({ senders }) => senders),
    Array(4).fill({ host: '127.0.0.1', port })
  )
})

test('on all addresses, senders by IPv4 are shown as such', async t => {
  const { receiver, taken, handedOver } = await started(t, { host: undefined })
  const { port = 0 } = receiver.address ?? {}
  const socket = createSocket('udp4')
  t.after(() => socket.close())
  socket.send('x', port, '127.0.0.1')
  await handedOver(1)

  assert.equal(taken[0]?.senders[0]?.host, '127.0.0.1')
})

test('what comes while a batch is taken waits, up to 4 MiB; more is dropped, counted and said', async t => {
  const { receiver, context, state, texts, handedOver } = await started(t)
  const { promise, resolve } = Promise.withResolvers<void>()
  state.gate = promise
  await send(t, receiver, 'first')
  await handedOver(1)

  const large = Buffer.alloc(60_000, 'y')
  for (let sent = 0; sent < 400 && receiver.dropped === 0; sent++) await send(t, receiver, large)
  state.gate = undefined
  resolve()
  await receiver.stop()

  const kept = texts().length - 1
  assert.ok(kept * 60_000 <= 4 * 1024 * 1024 && kept >= 60, `${kept} were kept`)
  assert.ok(receiver.dropped >= 1)
  assert.deepEqual(context.log.messages('warn'), [
    'Datagrams were dropped: they came faster than the channels took them.'
  ])
})

test('a stop hands over what was received, and the port is free', async t => {
  const { receiver, state, texts, handedOver } = await started(t)
  const { promise, resolve } = Promise.withResolvers<void>()
  state.gate = promise
  await send(t, receiver, 'a')
  await handedOver(1)
  const { port = 0 } = receiver.address ?? {}
  await send(t, receiver, 'b')
  const marker = createSocket('udp4')
  const stopped = receiver.stop()
  resolve()
  await stopped
  marker.bind(port, '127.0.0.1')
  await once(marker, 'listening')
  marker.close()

  assert.deepEqual(texts(), ['a', 'b'])
  assert.equal(receiver.address, undefined)
  await receiver.stop()
})

test('a port that is taken is a failed start that says so, and can be tried again', async t => {
  const taken = createSocket('udp4')
  taken.bind(0, '127.0.0.1')
  await once(taken, 'listening')
  const { port } = taken.address()
  const receiver = new UdpReceiver({ ...LOCAL, port }, async () => {}, fakeSinkContext())
  t.after(() => receiver.stop())

  await assert.rejects(receiver.start(), {
    code: 'ERR_START',
    message: `Cannot listen on 127.0.0.1:${port}: the port is taken by another program.`
  })
  taken.close()
  await once(taken, 'close')
  await receiver.start()
  assert.equal(receiver.address?.port, port)
})

test('a failing taker is reported, and the next batch comes all the same', async t => {
  const context = fakeSinkContext()
  const seen: string[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  const receiver = new UdpReceiver(
    LOCAL,
    async ({ batch }) => {
      seen.push(...textsOf(batch))
      if (seen.length === 1) throw new Error('no')
      resolve()
    },
    context
  )
  await receiver.start()
  t.after(() => receiver.stop())

  await send(t, receiver, 'a')
  while (seen.length < 1) await new Promise(setImmediate)
  await send(t, receiver, 'b')
  await promise

  assert.deepEqual([seen, context.failures.map(String)], [['a', 'b'], ['Error: no']])
})

const TELLS = existsSync('/proc/net/udp')

test(
  'datagrams that the kernel drops are counted exactly',
  { skip: TELLS ? false : 'no /proc/net/udp' },
  async t => {
    const { receiver, context, texts } = await started(t, { receiveBuffer: 4096 })

    await send(t, receiver, ...Array.from({ length: 300 }, (_, i) => String(i).padEnd(500)))
    await receiver.stop()

    const dropped = receiver.kernelDropped ?? 0
    assert.ok(dropped > 0, 'nothing was dropped')
    assert.equal(texts().length + dropped, 300)
    const [line] = context.log.lines.filter(({ level }) => level === 'warn')
    assert.equal(line?.message, 'The system dropped datagrams: they came faster than they were read.')
    assert.deepEqual([line.facts['times'], line.facts['raise']], [dropped, 'receiveBufferSize above 4096'])
  }
)

test(
  'drops are looked for every 10 s, and said once a minute',
  { skip: TELLS ? false : 'no /proc/net/udp' },
  async t => {
    let drops = 7
    let table: string | undefined
    const { receiver, context } = await started(t, {}, async path => {
      table ??= await readFile(path, 'latin1')
      return table.replaceAll(/\d+\s*$/gm, String(drops))
    })
    const before = receiver.kernelDropped

    drops = 12
    await context.clock.advance(10_000)

    assert.deepEqual([before, receiver.kernelDropped, receiver.dropped], [7, 12, 0])
    assert.deepEqual(
      context.log.lines.filter(({ level }) => level === 'warn').map(({ facts }) => facts['times']),
      [7]
    )
  }
)

test('where no table tells, the number is not known', async t => {
  const { receiver } = await started(t, {}, async () => undefined)

  assert.equal(receiver.kernelDropped, undefined)
})

test('a buffer that the system does not grant is said, with what to raise', async t => {
  const asked = 2 ** 30
  const { context } = await started(t, { receiveBuffer: asked })

  const [line] = context.log.lines
  assert.equal(line?.message, 'The system grants a smaller receive buffer than receiveBufferSize asks for.')
  assert.equal(line.facts['asked'], asked)
  assert.ok(Number(line.facts['granted']) < asked)
  assert.match(String(line.facts['raise']), /^sysctl -w (net\.core\.rmem_max|kern\.ipc\.maxsockbuf)=\d+$/)
})

test('the size of the buffer is a number of bytes, and nothing is said without one', async t => {
  const { values } = readSettings({ settings: udpSettings }, { receiveBufferSize: '256k' }, () => undefined)
  const { context } = await started(t)

  assert.equal(values?.receiveBuffer, 262_144)
  assert.deepEqual(context.log.messages('warn'), [])
})
