import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, test } from 'node:test'
import { AgentError } from '../../../core/errors.ts'
import { readSettings, settingsOf } from '../../../core/read-settings.ts'
import { fakeSourceContext, textsOf } from '../../../testing/fake-context.ts'
import { sourceContract } from '../../../testing/source-contract.ts'
import netcat from './netcat.ts'

const none = (): undefined => undefined

async function open(properties: Record<string, string> = {}) {
  const context = fakeSourceContext()
  const source = netcat.create(
    settingsOf(netcat, { bind: '127.0.0.1', port: '0', ...properties }, none),
    context
  )
  await source.start()
  const port = Number(source.describe?.()?.split(':')[1])
  return { source, context, intake: context.intake, port }
}

async function dial(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' })
  await once(socket, 'connect')
  return socket
}

/** Sends everything, then nothing more, and returns all answers. */
async function converse(port: number, sent: string | Buffer): Promise<string> {
  const socket = await dial(port)
  socket.end(sent)
  return text(socket)
}

sourceContract('netcat', async context => {
  const source = netcat.create(settingsOf(netcat, { bind: '127.0.0.1', port: '0' }, none), context)
  return { source, feed: () => converse(Number(source.describe?.()?.split(':')[1]), 'a\nb\nc\n') }
})

describe('netcat', () => {
  test('each line becomes an event and is answered, in order', async () => {
    const { source, intake, port } = await open()

    const answers = await converse(port, 'one\ntwo\n\nthree\r\n')
    await source.stop()

    assert.equal(answers, 'OK\nOK\nOK\nOK\n')
    assert.deepEqual(intake.texts, ['one', 'two', '', 'three\r'])
  })

  for (const encoding of ['utf-8', 'utf-16']) {
    test(`bytes behind the last line feed are no event, but counted and told (${encoding})`, async () => {
      const { source, context, intake, port } = await open({ encoding })
      const bytes = Buffer.from('one\nhalf', encoding === 'utf-8' ? 'utf8' : 'utf16le')
      const sent = encoding === 'utf-8' ? bytes : Buffer.concat([Buffer.from([0xff, 0xfe]), bytes])

      await converse(port, sent)
      await converse(port, sent)
      await converse(port, sent.subarray(0, encoding === 'utf-8' ? 4 : 10))
      await source.stop()

      assert.deepEqual(intake.texts, ['one', 'one', 'one'])
      assert.equal(context.counters.EventReadFail, 2)
      assert.deepEqual(
        context.log.lines
          .filter(({ level }) => level === 'warn')
          .map(({ message, facts }) => [message, facts['connections']]),
        [['Connections ended within a line; its bytes are dropped.', 1]]
      )
    })
  }

  test('its connections are shown, with what waits', async () => {
    const { source, intake, port } = await open()
    const gate = Promise.withResolvers<void>()
    intake.gate = gate.promise
    const socket = await dial(port)
    const name = `127.0.0.1:${socket.localPort}`
    socket.write('one\ntwo\nth')
    while (intake.calls === 0) await new Promise(resolve => setImmediate(resolve))
    const { total = 0, rows = [] } = source.details?.() ?? {}
    const shown = [...rows]
    gate.resolve()
    socket.end()
    await text(socket)
    await source.stop()

    assert.deepEqual([total, source.details?.().total], [1, 0])
    assert.deepEqual(shown, [{ name, readBytes: 10, waitingLines: 2, unfinishedBytes: 2 }])
  })

  test('an IPv6 address may stand in brackets', async t => {
    const context = fakeSourceContext()
    const source = netcat.create(settingsOf(netcat, { bind: '[::1]', port: '0' }, none), context)
    try {
      await source.start()
    } catch {
      return t.skip('there is no IPv6 here')
    }
    assert.match(source.describe?.() ?? '', /^\[::1\]:\d+$/)
    await source.stop()
  })

  test('nothing is answered when acknowledgements are off, but refusals always are', async () => {
    const { source, intake, port } = await open({ 'ack-every-event': 'false' })
    intake.room = 1

    const answers = await converse(port, 'one\ntwo\n')
    await source.stop()

    assert.match(answers, /^FAILED: Space for commit to queue couldn't be acquired\.\n$/)
    assert.deepEqual(intake.texts, ['one'])
  })

  test('a refused line does not take the lines of other clients with it', async () => {
    const { source, intake, port } = await open()
    intake.room = 0
    const refused = await converse(port, 'a\nb\n')
    intake.room = 10

    const accepted = await converse(port, 'c\n')
    await source.stop()

    assert.match(refused, /^(FAILED: [^\n]+\n){2}$/)
    assert.equal(accepted, 'OK\n')
    assert.deepEqual(intake.texts, ['c'])
  })

  test('a line that is too long ends its connection, after the lines before it were stored', async () => {
    const { source, intake, port } = await open({ 'max-line-length': '5' })
    const socket = await dial(port)
    socket.write('ab\nabcde')

    const answers = await text(socket)
    await source.stop()

    assert.equal(answers, 'OK\nFAILED: Event exceeds the maximum length (5 chars, including newline)\n')
    assert.deepEqual(intake.texts, ['ab'])
  })

  test('text without end is dropped when the client leaves', async () => {
    const { source, intake, port } = await open()

    const answers = await converse(port, 'whole\nhalf')
    await source.stop()

    assert.deepEqual([answers, intake.texts], ['OK\n', ['whole']])
  })

  test('a byte that is not UTF-8 becomes U+FFFD and costs no other line', async () => {
    const { source, intake, port } = await open()

    const answers = await converse(port, Buffer.from('6f6b0a61ff620a6f6b0a', 'hex'))
    await source.stop()

    assert.deepEqual([answers, intake.texts], ['OK\nOK\nOK\n', ['ok', 'a\ufffdb', 'ok']])
  })

  test('lines of many clients that arrive together are stored together', async () => {
    const { source, intake, port } = await open()
    const gate = Promise.withResolvers<void>()
    intake.gate = gate.promise
    const sockets = await Promise.all(Array.from({ length: 50 }, () => dial(port)))
    const answers = sockets.map(socket => once(socket, 'data'))
    for (const [i, socket] of sockets.entries()) socket.write(`line ${i}\n`)
    await turns(200)
    gate.resolve()
    await Promise.all(answers)
    for (const socket of sockets) socket.destroy()
    await source.stop()

    assert.equal(intake.texts.length, 50)
    assert.ok(intake.batches.length < 50, `${intake.batches.length} batches`)
  })

  test('a client that sends without end is not read while the channels are busy', async () => {
    const { source, intake, port } = await open({ 'ack-every-event': 'false' })
    const gate = Promise.withResolvers<void>()
    intake.gate = gate.promise
    const socket = await dial(port)
    const line = `${'x'.repeat(99)}\n`
    let sent = 0
    const flood = line.repeat(10_000)
    while (socket.write(flood)) sent++
    for (; sent < 64 && (await drained(socket)); sent++) socket.write(flood)
    const held = process.memoryUsage().arrayBuffers
    gate.resolve()
    socket.end()
    await once(socket, 'close')
    await source.stop()

    assert.ok(sent < 64, 'the flood was never held up')
    assert.ok(held < 200_000_000, `${held} bytes held`)
    assert.equal(intake.texts.length % 10_000, 0)
  })

  test('a client that never reads its answers is not read either', async () => {
    const { source, intake, port } = await open()
    const socket = await dial(port)
    socket.pause()
    const lines = '\n'.repeat(1_000_000)
    let sent = 0
    while (sent < 64 && (socket.write(lines) || (await drained(socket)))) sent++
    socket.destroy()
    await source.stop()

    assert.ok(sent < 64, 'the flood was never held up')
    assert.ok(intake.batches.length > 0)
  })

  test('stop answers what was read, closes every connection and frees the port', async () => {
    const { source, intake, port } = await open()
    const idle = await dial(port)
    const busy = await dial(port)
    const gate = Promise.withResolvers<void>()
    intake.gate = gate.promise
    busy.write('one\n')
    while (intake.calls === 0) await turns(1)
    const answers = Promise.all([text(idle), text(busy)])
    const stopped = source.stop()
    gate.resolve()
    await stopped
    await source.stop()

    assert.deepEqual(await answers, ['', 'OK\n'])
    const server = createServer().listen(port, '127.0.0.1')
    await once(server, 'listening')
    server.close()
  })

  test('a client that sends without end cannot put off the stop', async () => {
    const { source, intake, port } = await open({ 'ack-every-event': 'false' })
    const gates = [0, 1, 2].map(() => Promise.withResolvers<void>())
    intake.gate = gates[0]?.promise
    const socket = await dial(port)
    socket.on('error', () => {})
    const flood = `${'x'.repeat(99)}\n`.repeat(1000)
    while (socket.write(flood) || (await drained(socket)));
    const stopped = source.stop()
    for (const call of [1, 2]) {
      while (intake.calls < call) await turns(1)
      intake.gate = gates[call]?.promise
      gates[call - 1]?.resolve()
    }
    while (intake.calls < 3) await turns(1)
    await turns(100)
    gates[2]?.resolve()
    socket.destroy()
    await stopped

    assert.ok(
      intake.texts.length < 16_000,
      `${intake.texts.length} lines, though 1 MiB was waiting at the stop`
    )
  })

  test('the order of lines stays, whether they fit at once or in pieces', async () => {
    const { source, context, intake, port } = await open({ 'ack-every-event': 'false' })
    // As the engine does: what has room goes in at once; else in pieces, with turns of the loop between them.
    let calls = 0
    const hasRoom = (): boolean => calls % 3 !== 0
    context.fits = batch => (hasRoom() ? batch.length : 1000)
    context.ingestEach = async batch => {
      const step = hasRoom() ? batch.length : 1000
      calls++
      for (let at = 0; at < batch.length; at += step) {
        await intake.ingestEach(batch.slice(at, at + step))
        await turns(1)
      }
      return { tried: batch.length, refusals: [] }
    }
    const sent = Array.from({ length: 60_000 }, (_, i) => `${i}${'.'.repeat(i % 90)}`)
    await converse(port, sent.map(line => `${line}\n`).join(''))
    await source.stop()

    assert.deepEqual(intake.texts, sent)
  })

  test('a batch that is refused while later ones are stored is refused to its end', async () => {
    const { source, context, intake, port } = await open()
    // All look as if they fitted; every third turns out not to, after those behind it.
    let calls = 0
    context.fits = batch => batch.length
    context.ingestEach = async batch => {
      if (calls++ % 3 > 0) return intake.ingestEach(batch)
      await turns(20)
      const error = new AgentError('ERR_CHANNEL_FULL', 'no room')
      return { tried: batch.length, refusals: [{ from: 0, to: batch.length, error }] }
    }
    const sent = Array.from({ length: 60_000 }, (_, i) => `${i}${'.'.repeat(i % 90)}`)
    const answers = (await converse(port, sent.map(line => `${line}\n`).join(''))).trimEnd().split('\n')
    await source.stop()

    assert.ok(calls > 3)
    assert.equal(answers.length, sent.length)
    assert.deepEqual(
      intake.texts,
      sent.filter((_, i) => answers[i] === 'OK')
    )
  })

  test('each line is offered once and gets its own answer, whichever of them are refused', async () => {
    const { source, context, port } = await open()
    const offered: string[] = []
    // Pieces of four at most, of which every second line is refused.
    context.fits = () => 4
    context.ingestEach = async batch => {
      const piece = batch.slice(0, 4)
      const texts = textsOf(piece)
      offered.push(...texts)
      const odd = [...texts.keys()].filter(i => Number(texts[i]) % 2 === 1)
      const refusals = odd.map(i => ({
        from: i,
        to: i + 1,
        error: new AgentError('ERR_CHANNEL', `no ${texts[i]}`)
      }))
      return { tried: piece.length, refusals }
    }
    const sent = Array.from({ length: 10 }, (_, i) => String(i))
    const answers = await converse(port, sent.map(line => `${line}\n`).join(''))
    await source.stop()

    assert.deepEqual(offered, sent)
    assert.equal(
      answers,
      sent.map(line => (Number(line) % 2 === 0 ? 'OK\n' : `FAILED: no ${line}\n`)).join('')
    )
  })

  test('a client that never hangs up is hung up on, half a second after the stop', async () => {
    const { source, context, port } = await open()
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    socket.on('error', () => {})
    await once(socket, 'connect')
    socket.write('one\n')
    await once(socket, 'data')
    const stopped = source.stop()
    await once(socket.resume(), 'end')
    await context.clock.advance(500)
    await stopped
    socket.destroy()

    assert.equal(context.counters.OpenConnectionCount, 0)
  })

  test('a port that is taken fails the start with the address and the reason', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const source = netcat.create(
      settingsOf(netcat, { bind: 'localhost', port: String(port) }, none),
      fakeSourceContext()
    )

    await assert.rejects(source.start(), {
      code: 'ERR_START',
      message: `Cannot listen on localhost:${port}: the port is taken by another program.`
    })
    server.close()
    await once(server, 'close')
    await source.start()
    await source.stop()
  })

  test('bind and port are required, and an unknown character set is refused, before anything starts', () => {
    const { problems } = readSettings(netcat, {}, none)
    const coding = readSettings(netcat, { bind: 'localhost', port: '1', encoding: 'nope' }, none)

    assert.deepEqual(
      problems.map(({ message }) => message),
      [
        'Required parameter bind must exist and may not be null.',
        'Required parameter port must exist and may not be null.'
      ]
    )
    assert.deepEqual(
      coding.problems.map(({ key }) => key),
      ['encoding']
    )
  })
})

/** Whether the socket takes more within a few turns of the loop of both ends. */
async function drained(socket: Socket): Promise<boolean> {
  let drain = false
  socket.once('drain', () => {
    drain = true
  })
  for (let turn = 0; turn < 2000 && !drain; turn++) await turns(1)
  return drain
}

/** Lets the loop turn, so that what was sent in this process arrives. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise(resolve => setImmediate(resolve))
}
