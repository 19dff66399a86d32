import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { converse, LineClient } from './line-client.ts'
import { WatchedAgent } from './watched-agent.ts'

const TOO_LONG = 'FAILED: Event exceeds the maximum length (512 chars, including newline)'
const LARGE = {
  channel: { capacity: '100000', transactionCapacity: '1000' },
  source: { 'max-line-length': '1000000' }
}

describe('bad lines', { concurrency: 2 }, () => {
  test('a line longer than the limit is refused and ends its connection; the lines before it and other clients are served', async () => {
    await using agent = await WatchedAgent.start()
    const port = await agent.port()
    using other = await LineClient.dial(port)

    const client = await converse(port, `one\ntwo\n${'x'.repeat(600)}\nnever\n`)
    await other.send(`${'y'.repeat(511)}\n`)
    await other.answered(1)
    await agent.stop()

    assert.deepEqual([client.oks, client.refusals, other.oks], [2, [TOO_LONG], 1])
    assert.deepEqual(agent.storedLines(), ['one', 'two', 'y'.repeat(511)])
  })

  for (const { name, byte } of [
    { name: 'letters', byte: 0x78 },
    { name: 'bytes that are no characters', byte: 0x80 }
  ]) {
    test(`a line of ${name} without end is refused once it reaches the limit, however much of it comes`, async () => {
      await using agent = await WatchedAgent.start(LARGE)
      const port = await agent.port()
      const endless = Buffer.alloc(1024 * 1024, byte)
      using client = await LineClient.dial(port)
      // What comes after the refusal is thrown away for half a second, as fast as it comes.
      let sent = 0
      for (; sent < 8192 && !client.closed; sent++) await client.send(endless)
      using other = await converse(port, 'still here\n')
      await agent.stop()

      assert.ok(sent < 8192, 'the agent took 8 GiB of one line')
      assert.equal(other.oks, 1)
      assert.deepEqual(agent.storedLines(), ['still here'])
    })
  }

  test('a line that comes in single bytes takes no more memory than one that comes at once', async () => {
    await using agent = await WatchedAgent.start(LARGE)
    const text = 'abcdefghij'.repeat(2000)
    using client = await LineClient.dial(await agent.port())
    for (const letter of text) await client.send(letter)
    await client.send('\n')
    await client.answered(1)
    await agent.stop()

    assert.deepEqual(agent.storedLines(), [text])
  })

  for (const [name, source, encoding] of [
    ['every byte value is taken: what is no UTF-8 becomes U+FFFD in its own line only', {}, 'utf8'],
    ['every byte value is a character where the encoding says so', { encoding: 'ISO-8859-1' }, 'latin1']
  ] as const)
    test(name, async () => {
      await using agent = await WatchedAgent.start({ ...LARGE, source })
      const lines = allBytes().map(byte => Buffer.from([0x61, byte, 0x7a, 0x0a]))
      const client = await converse(await agent.port(), Buffer.concat(lines))
      await agent.stop()

      assert.deepEqual([client.oks, client.refusals], [255, []])
      assert.deepEqual(
        agent.storedLines(),
        lines.map(line => line.toString(encoding).slice(0, -1))
      )
    })

  test('megabytes of binary data are cut at their line feeds, and each piece is stored', async () => {
    await using agent = await WatchedAgent.start(LARGE)
    const binary = Buffer.concat([noise(4 * 1024 * 1024), Buffer.from('\n')])
    const expected = binary.toString().split('\n').slice(0, -1)
    const client = await converse(await agent.port(), binary)
    await agent.stop()

    assert.deepEqual([client.oks, client.refusals], [expected.length, []])
    assert.ok(agent.stored().equals(Buffer.from(expected.join('\n') + '\n')))
  })

  test('text without line feed at the end of a connection is no event, as in Flume', async () => {
    await using agent = await WatchedAgent.start()
    const client = await converse(await agent.port(), 'whole\nhalf')
    await agent.stop()

    assert.equal(client.oks, 1)
    assert.deepEqual(agent.storedLines(), ['whole'])
  })
})

/** All but the line feed. */
function allBytes(): number[] {
  return Array.from({ length: 256 }, (_, byte) => byte).filter(byte => byte !== 0x0a)
}

/** The same bytes at each run. */
function noise(length: number): Buffer {
  const bytes = Buffer.alloc(length)
  let state = 12345
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    bytes[i] = state >>> 24
  }
  return bytes
}
