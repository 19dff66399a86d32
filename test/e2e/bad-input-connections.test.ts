import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { converse, LineClient, numbered, numbersOf, upTo } from './line-client.ts'
import { EMBEDDED_HDFS, until, WatchedAgent } from './watched-agent.ts'

const LARGE = { channel: { capacity: '1000000', transactionCapacity: '1000' } }
const MANY = 1000

describe('bad clients', { concurrency: 2 }, () => {
  test('1,000 clients at once get their OKs, and each of their lines is stored once', async () => {
    await using agent = await WatchedAgent.start(LARGE)
    const port = await agent.port()
    const clients = await dialAll(port, MANY)
    await Promise.all(clients.map((client, i) => client.send(numbered(i * 20, 20))))
    await Promise.all(clients.map(client => client.answered(20)))
    for (const client of clients) client[Symbol.dispose]()
    await agent.stop()

    assert.deepEqual(
      new Set(clients.map(({ oks, refusals }) => `${oks} ${refusals.length}`)),
      new Set(['20 0'])
    )
    assert.deepEqual(
      numbersOf(agent.storedLines()).sort((a, b) => a - b),
      upTo(MANY * 20)
    )
  })

  test('1,000 clients that say nothing keep nobody from being served, and do not delay the stop', async () => {
    await using agent = await WatchedAgent.start(LARGE)
    const port = await agent.port()
    const idle = await dialAll(port, MANY)
    using client = await converse(port, 'one\n')
    const { code, ms } = await agent.stop()
    await until(() => idle.every(({ closed }) => closed))

    assert.deepEqual([client.oks, code], [1, 143])
    assert.ok(ms < 1500, `${ms} ms`)
    assert.deepEqual(agent.storedLines(), ['one'])
  })

  test('a client that never reads its OKs is not read any more, while others are served', async () => {
    await using agent = await WatchedAgent.start(LARGE)
    const port = await agent.port()
    using deaf = await LineClient.dial(port)
    deaf.socket.pause()
    const flood = deaf.flood('\n'.repeat(1_000_000), 64)
    await deaf.stuck()
    using other = await converse(port, 'served\n')
    const { sources } = await agent.balance()
    deaf[Symbol.dispose]()
    await flood
    await agent.stop()

    assert.equal(other.oks, 1)
    assert.ok(
      (sources[0]?.accepted ?? 0) < 20_000_000,
      `${sources[0]?.accepted} lines of one that does not listen`
    )
    assert.equal(agent.storedLines().filter(line => line === 'served').length, 1)
  })

  test('hundreds of clients that send line feeds without end take no more memory than a few, and others are served', async () => {
    await using agent = await WatchedAgent.start({ sink: { type: 'null' }, ...LARGE }, { memoryMib: 300 })
    const port = await agent.port()
    const floods: Promise<number>[] = []
    for (let round = 0; round < 2; round++) {
      const flooding = await dialAll(port, 400)
      floods.push(...flooding.map(client => client.flood('\n'.repeat(65_536), 1000)))
      const { sources } = await agent.balance()
      const accepted = (sources[0]?.accepted ?? 0) + 500_000
      await agent.balanced(sheet => (sheet.sources[0]?.accepted ?? 0) > accepted)
      using other = await converse(port, 'served\n')
      assert.equal(other.oks, 1)
      for (const client of flooding) client[Symbol.dispose]()
    }
    await Promise.all(floods)
    await agent.stop()
  })

  test('a client that dies in the middle costs nothing but its half line', async () => {
    await using agent = await WatchedAgent.start(LARGE)
    const port = await agent.port()
    using dying = await LineClient.dial(port)
    await dying.send(numbered(0, 50_000))
    await dying.answered(1)
    await dying.send('half a line')
    dying.socket.resetAndDestroy()
    const answered = dying.oks
    using other = await converse(port, numbered(50_000, 10))
    await agent.stop()

    const stored = numbersOf(agent.storedLines())
    const ofDying = stored.filter(number => number < 50_000)
    assert.equal(other.oks, 10)
    assert.ok(ofDying.length >= answered, `${ofDying.length} stored, ${answered} answered`)
    assert.deepEqual(ofDying, upTo(ofDying.length))
    assert.equal(stored.length, ofDying.length + 10)
  })

  test('clients that send one byte at a time hold nobody up, and their lines arrive whole', async () => {
    await using agent = await WatchedAgent.start(LARGE)
    const port = await agent.port()
    const slow = await dialAll(port, 50)
    const text = 'slow but whole'
    for (const letter of text) {
      await Promise.all(slow.map(client => client.send(letter)))
      using quick = await converse(port, 'quick\n')
      assert.equal(quick.oks, 1)
    }
    await Promise.all(slow.map(client => client.send('\n')))
    await Promise.all(slow.map(client => client.answered(1)))
    await agent.stop()

    assert.deepEqual(
      agent.storedLines().filter(line => line !== 'quick'),
      new Array<string>(50).fill(text)
    )
  })

  for (const openFiles of [64, 128]) {
    test(`more clients than the process may have open (${openFiles}) are turned away; those inside and the files go on, and later ones get in`, async () => {
      // Each line goes to a file of its own.
      const sink = { ...EMBEDDED_HDFS, 'hdfs.rollCount': '1', 'hdfs.batchSize': '1' }
      await using agent = await WatchedAgent.start({ ...LARGE, sink }, { openFiles })
      const port = await agent.port()
      using first = await LineClient.dial(port)
      const crowd = await dialAll(port, 400)
      await until(() => crowd.filter(({ closed }) => closed).length > 290)
      await first.send('inside 1\ninside 2\ninside 3\ninside 4\ninside 5\ninside 6\ninside 7\ninside 8\n')
      await first.answered(8)
      await agent.delivered(8)
      for (const client of crowd) client[Symbol.dispose]()
      await until(async () => {
        using later = await converse(port, 'later 9\n')
        return later.oks === 1
      })
      await agent.delivered(9)
      await agent.stop()

      assert.equal(first.oks, 8)
      assert.match(agent.process.stderr, /turned away.* clients=1 open=\d+ limit=\d+ keptFree=\d+/)
      assert.ok((agent.process.stderr.match(/turned away/g) ?? []).length < 5)
    })
  }
})

test('hundreds of connections to the counters that say nothing silence them for nobody', async () => {
  await using agent = await WatchedAgent.start(LARGE, { openFiles: 64 })
  const port = await agent.port()
  const idle = await dialAll(Number(new URL(agent.counters).port), 256)
  await until(() => idle.filter(({ closed }) => closed).length > 200)
  using client = await converse(port, 'one\n')
  await agent.delivered(1)
  for (const one of idle) one[Symbol.dispose]()
  await agent.stop()

  assert.equal(client.oks, 1)
  assert.match(agent.process.stderr, /Connections to the counters are closed/)
})

async function dialAll(port: number, count: number): Promise<LineClient[]> {
  return Promise.all(Array.from({ length: count }, () => LineClient.dial(port)))
}
