import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, test } from 'node:test'
import { AgentError } from '../../../core/errors.ts'
import { CHUNK_BYTES, InputBudget, LARGE_CHUNK_BYTES, MOST_LARGE } from '../../../core/input-budget.ts'
import { settingsOf } from '../../../core/read-settings.ts'
import { fakeSourceContext, textsOf } from '../../../testing/fake-context.ts'
import netcat from './netcat.ts'

const MIB = 1024 * 1024
const LIMITS = { bytes: MIB, events: 10_000, unfinishedBytes: 4 * MIB }
const CLIENTS = 40

async function open(properties: Record<string, string> = {}, limits = LIMITS, direct = true) {
  const input = new InputBudget(limits)
  const environment = { properties: { 'millrace.net.direct-reads': String(direct) } }
  const context = fakeSourceContext({ input, environment })
  const given = { bind: '127.0.0.1', port: '0', ...properties }
  const source = netcat.create(
    settingsOf(netcat, given, () => undefined),
    context
  )
  await source.start()
  const port = Number(source.describe?.()?.split(':')[1])
  return { source, context, intake: context.intake, input, port }
}

async function dial(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

/** Writes the text again and again until the other side closes. */
function flood(socket: Socket, text: string): void {
  const chunk = Buffer.from(text.repeat(Math.ceil(LARGE_CHUNK_BYTES / text.length)))
  const write = (): void => {
    while (!socket.destroyed && socket.write(chunk));
  }
  socket.on('drain', write)
  socket.resume()
  write()
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise(resolve => setImmediate(resolve))
}

/** Turns of the loop until nothing changes any more. */
async function untilStill(look: () => unknown): Promise<void> {
  for (let still = 0, last = '', turn = 0; still < 200 && turn < 20_000; still++, turn++) {
    const now = JSON.stringify(look())
    if (now !== last) still = 0
    last = now
    await turns(1)
  }
}

describe('netcat under load', { timeout: 90_000 }, () => {
  for (const { name, line, encoding } of [
    { name: 'the shortest lines', line: '\n', encoding: 'utf-8' },
    { name: 'the longest lines', line: `${'x'.repeat(511)}\n`, encoding: 'utf-8' },
    { name: 'the shortest lines in another encoding', line: '\n', encoding: 'GBK' },
    { name: 'the longest lines in another encoding', line: `${'x'.repeat(511)}\n`, encoding: 'ISO-8859-1' }
  ]) {
    test(`clients without number that send ${name} without end make it hold no more than its budget`, async () => {
      const { source, intake, input, port } = await open({ encoding })
      const gate = Promise.withResolvers<void>()
      intake.gate = gate.promise
      const sockets = await Promise.all(Array.from({ length: CLIENTS }, () => dial(port)))
      const most = { bytes: 0, events: 0, kept: 0, unfinished: 0 }
      const look = () => {
        most.bytes = Math.max(most.bytes, input.bytes)
        most.events = Math.max(most.events, input.events)
        most.kept = Math.max(most.kept, input.keptBytes)
        most.unfinished = Math.max(most.unfinished, input.unfinishedBytes)
        return [most, input.waiting]
      }
      for (const socket of sockets) flood(socket, line)
      await untilStill(look)
      const whileFull = [input.waiting, Math.max(most.bytes / LIMITS.bytes, most.events / LIMITS.events) >= 1]
      intake.gate = undefined
      gate.resolve()
      for (let turn = 0; turn < 300; turn++) {
        await turns(1)
        look()
      }
      for (const socket of sockets) socket.destroy()
      await source.stop()

      assert.deepEqual(whileFull, [CLIENTS, true])
      assert.ok(most.bytes <= LIMITS.bytes + LARGE_CHUNK_BYTES, `${most.bytes} bytes`)
      assert.ok(most.events <= LIMITS.events + LARGE_CHUNK_BYTES, `${most.events} lines`)
      const waiting = CLIENTS * CHUNK_BYTES + MOST_LARGE * LARGE_CHUNK_BYTES
      assert.ok(most.kept <= waiting, `${most.kept} bytes wait`)
      assert.ok(most.unfinished <= CLIENTS * 1024, `${most.unfinished} bytes of unfinished lines`)
      assert.ok(intake.texts.length > LIMITS.events)
      assert.deepEqual(
        [input.bytes, input.events, input.keptBytes, input.unfinishedBytes, input.waiting],
        [0, 0, 0, 0, 0]
      )
    })
  }

  for (const direct of [true, false]) {
    test(`what waits for room keeps its order (${direct ? 'by the accepted handle' : 'by the public way'})`, async () => {
      const tight = { ...LIMITS, events: 100 }
      const { source, context, intake, input, port } = await open(
        { 'ack-every-event': 'false' },
        tight,
        direct
      )
      context.ingestEach = async batch => {
        await turns(1)
        return intake.ingestEach(batch)
      }
      const sockets = await Promise.all(Array.from({ length: 4 }, () => dial(port)))
      const closed = sockets.map(socket => once(socket.resume(), 'close'))
      for (const [i, socket] of sockets.entries()) {
        socket.end(Array.from({ length: 20_000 }, (_, n) => `${i} ${n}\n`).join(''))
      }
      await Promise.all(closed)
      await source.stop()

      for (const [i] of sockets.entries()) {
        const own = intake.texts.filter(text => text.startsWith(`${i} `))
        assert.deepEqual(
          own,
          Array.from({ length: 20_000 }, (_, n) => `${i} ${n}`)
        )
      }
      assert.deepEqual([input.events, input.bytes, input.keptBytes], [0, 0, 0])
    })
  }

  test('a client that says little comes before more of those that send without end', async () => {
    const { source, context, port } = await open({ 'ack-every-event': 'false' })
    let stored = 0
    let lateAt: number | undefined
    // The channels take one batch a turn.
    context.ingestEach = async batch => {
      await turns(1)
      for (let i = 0; i < batch.length; i++) if (batch.size(i) > 1) lateAt = stored + i
      stored += batch.length
      return { tried: batch.length, refusals: [] }
    }
    const sockets = await Promise.all(Array.from({ length: CLIENTS }, () => dial(port)))
    for (const socket of sockets) flood(socket, 'a\n')
    const late = await dial(port)
    while (stored < 5 * LIMITS.events || context.counters.OpenConnectionCount <= CLIENTS) await turns(1)
    const before = stored
    late.write('late\n')
    while (lateAt === undefined) await turns(1)
    for (const socket of [...sockets, late]) socket.destroy()
    await source.stop()

    // A round of all the others is 82,000 lines.
    assert.ok(lateAt - before <= 4 * LIMITS.events, `${lateAt - before} lines came before it`)
  })

  test('lines that are refused one after the other do not hold up other clients', async () => {
    const { source, context, intake, input, port } = await open()
    let gate = Promise.withResolvers<void>()
    context.ingestEach = async batch => {
      const [first] = textsOf(batch)
      if (first !== 'stuck') return intake.ingestEach(batch)
      await gate.promise
      return {
        tried: 1,
        refusals: [{ from: 0, to: 1, error: new AgentError('ERR_CHANNEL_FULL', 'no room') }]
      }
    }
    const stuck = await dial(port)
    let refused = ''
    stuck.on('data', answer => (refused += String(answer)))
    stuck.write('stuck\nstuck\nstuck\n')
    await untilStill(() => input.events)
    const first = gate
    gate = Promise.withResolvers()
    first.resolve()
    while (refused === '') await turns(1)
    const other = await dial(port)
    other.write('served\n')
    const [answer] = (await once(other, 'data')) as [Buffer]
    const between = refused
    gate.resolve()
    while (refused.length < 3 * between.length) await turns(1)
    for (const socket of [stuck, other]) socket.destroy()
    await source.stop()

    assert.deepEqual([String(answer), between, refused], ['OK\n', 'FAILED: no room\n', between.repeat(3)])
    assert.deepEqual([intake.texts, input.events, input.bytes], [['served'], 0, 0])
  })

  test('lines go together again once none is refused any more, and keep their order', async () => {
    const { source, context, intake, input, port } = await open()
    let calls = 0
    context.ingestEach = async batch => {
      await turns(1)
      if (calls++ > 0) return intake.ingestEach(batch)
      return {
        tried: 1,
        refusals: [{ from: 0, to: 1, error: new AgentError('ERR_CHANNEL_FULL', 'no room') }]
      }
    }
    const sockets = await Promise.all(Array.from({ length: 10 }, () => dial(port)))
    const lines = (from: number) => Array.from({ length: 1000 }, (_, i) => `${from + i}\n`).join('')
    for (let round = 0; round < 20; round++) {
      for (const [i, socket] of sockets.entries()) socket.write(lines(i * 100_000 + round * 1000))
      await turns(1)
    }
    while (intake.texts.length < 200_000 - 1) await turns(1)
    for (const socket of sockets) socket.destroy()
    await source.stop()

    const numbers = intake.texts.map(Number)
    assert.equal(new Set(numbers).size, 200_000 - 1)
    for (const [i] of sockets.entries()) {
      const own = numbers.filter(number => Math.floor(number / 100_000) === i)
      assert.ok(own.every((number, at) => at === 0 || number > (own[at - 1] ?? 0)))
    }
    assert.deepEqual([input.events, input.bytes], [0, 0])
  })

  test('of unfinished lines that take too much memory together, the longest is refused', async () => {
    const limits = { ...LIMITS, unfinishedBytes: 100_000 }
    const { source, context, intake, input, port } = await open({ 'max-line-length': '1000000' }, limits)
    const [long, short] = await Promise.all([dial(port), dial(port)])
    long.write('x'.repeat(90_000))
    await untilStill(() => input.unfinishedBytes)
    const alone = input.unfinishedBytes
    const refusal = once(long, 'data')
    short.write('y'.repeat(20_000))
    const [answer] = (await refusal) as [Buffer]
    short.write('\n')
    const [ok] = (await once(short, 'data')) as [Buffer]
    for (const socket of [long, short]) socket.destroy()
    await source.stop()

    assert.ok(alone > 90_000)
    assert.deepEqual(
      [String(answer), String(ok), intake.texts, context.counters.EventReadFail],
      ['FAILED: The unfinished lines of all clients take too much memory\n', 'OK\n', ['y'.repeat(20_000)], 1]
    )
  })

  test('what is refused a million times is held in memory once', async () => {
    const { source, intake, port } = await open()
    intake.room = 0
    const socket = await dial(port)
    socket.pause()
    const before = process.memoryUsage().arrayBuffers
    socket.write('\n'.repeat(1_000_000))
    let calls = -1
    while (intake.calls > calls || calls < 2000) {
      calls = intake.calls
      await turns(20)
    }
    const held = process.memoryUsage().arrayBuffers - before
    socket.destroy()
    await source.stop()

    assert.ok(held < 8 * MIB, `${held} bytes`)
  })
})
