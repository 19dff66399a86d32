import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, utimesSync } from 'node:fs'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { temporaryFolder } from './agent-process.ts'
import { converse, LineClient, numbered, numbersOf, upTo } from './line-client.ts'
import { EMBEDDED_HDFS, until, WatchedAgent } from './watched-agent.ts'

const LARGE = { channel: { capacity: '1000000', transactionCapacity: '1000' } }
const HDFS = { ...EMBEDDED_HDFS, 'hdfs.batchSize': '1000' }
/** Numbers for the lines of one client. */
const SPAN = 10_000_000
const SINKS = { file_roll: { 'sink.batchSize': '1000' }, hdfs: HDFS }

// Not at the same time: they look at how long a stop takes.
describe('the end of an agent at full load', () => {
  for (const [name, sink] of Object.entries(SINKS)) {
    for (const [signal, code] of [
      ['SIGTERM', 143],
      ['SIGINT', 130]
    ] as const) {
      test(`${signal}, sink ${name}: each line answered OK is in the files once, within a second`, async () => {
        await using agent = await WatchedAgent.start({ ...LARGE, sink })
        using load = await Load.start(agent)
        const ending = await agent.stop(signal)
        const { client, sent } = await load.ended()

        const stored = numbersOf(agent.storedLines())
        assert.deepEqual(
          [ending.code, readdirSync(agent.out).some(file => file.endsWith('.tmp'))],
          [code, false]
        )
        assert.ok(ending.ms < 1000, `${ending.ms} ms`)
        assert.ok(
          client.oks <= stored.length && stored.length <= sent,
          `${client.oks} OKs, ${stored.length} stored, ${sent} sent`
        )
        assert.deepEqual(stored, upTo(stored.length))
      })
    }
  }

  test('SIGTERM while the channel is full and its sink away: no OK for lines that had no room; what is lost is said', async () => {
    using folder = temporaryFolder()
    const channel = { capacity: '1000', transactionCapacity: '1000', 'keep-alive': '1000' }
    const args = ['-Dflume.stop.timeout=1']
    await using agent = await WatchedAgent.start({ channel }, { out: join(folder.path, 'never'), args })
    using client = await LineClient.dial(await agent.port())
    await client.send(numbered(0, 5000))
    await agent.balanced(({ sources: [source] }) => source?.accepted === 1000 && source.entering > 0)
    const { code } = await agent.stop()
    await until(() => client.closed)

    assert.deepEqual([code, client.oks], [143, 1000])
    assert.deepEqual(new Set(client.refusals), new Set(['FAILED: The agent is stopping.']))
    assert.match(agent.process.stderr, /are lost\. channel=mem events=1000/)
  })

  test('SIGTERM while 50 clients send: each line answered OK is in the files once, in the order of its client', async () => {
    await using agent = await WatchedAgent.start({ ...LARGE, sink: SINKS.file_roll })
    const loads = await Promise.all(Array.from({ length: 50 }, (_, i) => Load.asking(agent, i * SPAN)))
    const ending = await agent.stop()
    await Promise.all(loads.map(load => load.ended()))

    const stored = Map.groupBy(numbersOf(agent.storedLines()), number => Math.trunc(number / SPAN))
    assert.equal(ending.code, 143)
    for (const [i, { client }] of loads.entries()) {
      const ofClient = (stored.get(i) ?? []).map(number => number - i * SPAN)
      assert.ok(client.oks <= ofClient.length, `${client.oks} OKs, ${ofClient.length} stored`)
      assert.deepEqual(ofClient, upTo(ofClient.length))
    }
  })

  test('kill -9: what was delivered is in the files, whole and in order; what the memory channel held is lost', async () => {
    await using agent = await WatchedAgent.start({ ...LARGE, sink: SINKS.file_roll })
    const delivered = await killedUnderLoad(agent)

    const stored = numbersOf(agent.storedLines())
    assert.ok(stored.length >= delivered, `${stored.length} stored, ${delivered} delivered`)
    assert.deepEqual(stored, upTo(stored.length))
  })

  test('kill -9, sink hdfs: the next start completes the .tmp file, with all that was delivered', async () => {
    using folder = temporaryFolder()
    const out = join(folder.path, 'store')
    await using agent = await WatchedAgent.start({ ...LARGE, sink: HDFS }, { out })
    const delivered = await killedUnderLoad(agent)
    const [left = ''] = readdirSync(out)
    utimesSync(join(out, left), 1_700_000_000, 1_700_000_000)
    await using next = await WatchedAgent.start({ ...LARGE, sink: HDFS }, { out })
    await next.process.said(/Completed an in-use file of an earlier run/)
    await next.stop()

    assert.deepEqual([left.endsWith('.tmp'), readdirSync(out)], [true, [left.slice(0, -'.tmp'.length)]])
    const whole = readFileSync(join(out, left.slice(0, -'.tmp'.length)), 'utf8')
      .split('\n')
      .slice(0, -1)
    assert.ok(whole.length >= delivered, `${whole.length} stored, ${delivered} delivered`)
    assert.deepEqual(numbersOf(whole), upTo(whole.length))
  })

  test('a sink that hangs: the stop ends at its deadline and says what is lost', async () => {
    await using target = await silentServer()
    await using agent = await WatchedAgent.start(
      { ...LARGE, sink: hangingSink(target) },
      { args: ['-Dflume.stop.timeout=1'] }
    )
    const client = await converse(await agent.port(), numbered(0, 5))
    await until(() => target.clients > 0)
    const { code, signal, ms } = await agent.stop()

    assert.deepEqual([client.oks, code === 143 || signal === 'SIGTERM'], [5, true])
    // A second of deadline, and two for closing.
    assert.ok(ms >= 900 && ms < 5000, `${ms} ms`)
    assert.match(
      agent.process.stderr,
      /still in a channel that does not keep them, and are lost\. channel=mem events=5/
    )
  })

  test('a sink that does not run yet is waited for: what the channel holds is delivered once it does', async () => {
    using folder = temporaryFolder()
    const out = join(folder.path, 'later')
    await using agent = await WatchedAgent.start(LARGE, { out })
    const client = await converse(await agent.port(), numbered(0, 20))
    agent.process.child.kill('SIGTERM')
    await agent.process.said(/The sink does not run yet\. The stop waits for it.* channel=mem events=20/)
    mkdirSync(out)
    const { code } = await agent.process.ended()

    assert.deepEqual([code, client.oks], [143, 20])
    assert.deepEqual(numbersOf(agent.storedLines()), upTo(20))
    assert.match(agent.process.stdout, /^channel mem: stored 20, taken 20$/m)
  })

  test('a sink that does not run until the deadline: what is lost is said; with nothing to lose the stop is at once', async () => {
    using folder = temporaryFolder()
    const out = join(folder.path, 'never')
    const args = ['-Dflume.stop.timeout=1']
    await using holding = await WatchedAgent.start(LARGE, { out, args })
    await using empty = await WatchedAgent.start(LARGE, { out })
    await converse(await holding.port(), numbered(0, 5))
    const late = await holding.stop()
    const atOnce = await empty.stop()

    assert.deepEqual([late.code, atOnce.code], [143, 143])
    assert.ok(late.ms >= 900, `${late.ms} ms`)
    assert.match(holding.process.stderr, /and are lost\. channel=mem events=5/)
    assert.match(holding.process.stdout, /^Every event is accounted for, 5 of them as LOST\.$/m)
    assert.doesNotMatch(empty.process.stderr, /The stop waits|are lost/)
  })

  test('a second signal does not wait for a sink that hangs, also at full load', async () => {
    await using target = await silentServer()
    await using agent = await WatchedAgent.start({ ...LARGE, sink: hangingSink(target) })
    using load = await Load.start(agent)
    agent.process.child.kill('SIGTERM')
    await agent.process.said(/Still stopping\./)
    const startedAt = performance.now()
    const { code, signal } = await agent.process.stop('SIGTERM')
    await load.ended()

    assert.equal(code === 143 || signal === 'SIGTERM', true)
    assert.ok(performance.now() - startedAt < 1500)
  })

  test('a port is free as soon as the agent has ended, for the next one with the same configuration', async () => {
    await using first = await WatchedAgent.start(LARGE)
    const port = await first.port()
    using idle = await LineClient.dial(port)
    const before = await converse(port, 'one\n')
    await first.stop()
    await using second = await WatchedAgent.start({ ...LARGE, source: { port: String(port) } })
    const after = await converse(port, 'two\n')
    await second.stop()

    assert.deepEqual([before.oks, after.oks, idle.oks, await second.port()], [1, 1, 0, port])
    assert.doesNotMatch(second.process.output, /port is taken/)
  })

  test('a port that another program holds is tried again until it is free', async () => {
    const holder = await silentServer()
    await using agent = await WatchedAgent.start({ ...LARGE, source: { port: String(holder.port) } })
    await agent.process.said(/source in does not run yet .* the port is taken/)
    await holder[Symbol.asyncDispose]()
    await agent.process.said(/Listening\./)
    const client = await converse(holder.port, 'one\n')
    await agent.stop()

    assert.equal(client.oks, 1)
    assert.deepEqual(agent.storedLines(), ['one'])
  })
})

/** Kills an agent while lines come in; resolves to how many its sink had delivered. */
async function killedUnderLoad(agent: WatchedAgent): Promise<number> {
  using load = await Load.start(agent)
  const {
    sinks: [sink]
  } = await agent.balance()
  await agent.stop('SIGKILL')
  await load.ended()
  return sink?.delivered ?? 0
}

/** A client that sends numbered lines until the agent ends. */
class Load implements Disposable {
  readonly client: LineClient
  sent = 0
  readonly #done: Promise<void>

  private constructor(client: LineClient, send: (load: Load) => Promise<void>) {
    this.client = client
    this.#done = send(this)
  }

  /** As fast as it can; resolves once it is under way. */
  static async start(agent: WatchedAgent): Promise<Load> {
    const load = new Load(await LineClient.dial(await agent.port()), async self => {
      for (; !self.client.closed; self.sent += 1000) await self.client.send(numbered(self.sent, 1000))
    })
    await load.client.answered(20_000)
    return load
  }

  /** Numbers from `from` on, 100 lines at a time, whose answers it waits for; resolves once it is under way. */
  static async asking(agent: WatchedAgent, from: number): Promise<Load> {
    const load = new Load(await LineClient.dial(await agent.port()), async self => {
      for (; !self.client.closed; self.sent += 100) {
        await self.client.send(numbered(from + self.sent, 100))
        await self.client.answered(self.sent + 100)
      }
    })
    await load.client.answered(500)
    return load
  }

  async ended(): Promise<this> {
    await this.#done
    return this
  }

  [Symbol.dispose](): void {
    this.client[Symbol.dispose]()
  }
}

interface SilentServer extends AsyncDisposable {
  readonly port: number
  readonly clients: number
}

/** Takes connections and never says anything. */
async function silentServer(): Promise<SilentServer> {
  let clients = 0
  const server: Server = createServer(socket => {
    clients++
    socket.on('error', () => undefined).resume()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const close = async (): Promise<void> => {
    await new Promise(resolve => server.close(resolve))
  }
  return {
    port,
    get clients() {
      return clients
    },
    [Symbol.asyncDispose]: close
  }
}

function hangingSink({ port }: SilentServer): Record<string, string> {
  return { ...HDFS, 'hdfs.path': `webhdfs://127.0.0.1:${port}/data`, 'hdfs.callTimeout': '60000' }
}
