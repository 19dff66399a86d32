import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, test } from 'node:test'
import memory from '../../src/components/channels/memory/memory.ts'
import replicating from '../../src/components/selectors/replicating/replicating.ts'
import netcat from '../../src/components/sources/netcat/netcat.ts'
import type { AnyDefinition } from '../../src/core/component.ts'
import type { Channel, ChannelContext } from '../../src/core/contracts/channel.ts'
import { Agent } from '../../src/engine/agent.ts'
import { checked } from '../../src/testing/checked.ts'
import { systemClock } from '../../src/app/clock.ts'
import { FakeLog } from '../../src/testing/fake-log.ts'
import { goldenRows } from '../../src/testing/golden.ts'

interface Event {
  readonly headers: Record<string, string>
  readonly body: string
}

/** A dialogue with real Flume 1.11; bytes are base64. */
interface Transcript {
  readonly config: Record<string, string>
  readonly channelCapacity: number
  readonly steps: readonly {
    readonly send: string
    readonly recv: string
    readonly closedByServer?: boolean
  }[]
  readonly eventsBeforeClose: readonly Event[] | null
  readonly afterHalfClose: { readonly recv: string } | null
  readonly eventsAfterClose?: readonly Event[] | null
}

let channel: Channel | undefined
const watched: AnyDefinition = {
  ...memory,
  create: (settings: Parameters<typeof memory.create>[0], context: ChannelContext) =>
    (channel = memory.create(settings, context))
}
const definitions: Record<string, AnyDefinition> = { netcat, memory: watched, replicating }
const none = (): undefined => undefined

/** Flume closes without a word and loses good lines; here the bad bytes are replaced and every line is kept. */
function holdsBadBytes({ config, steps }: Transcript): boolean {
  const silent = steps.some(step => step.recv === '' && step.closedByServer === true)
  return silent && config['encoding'] !== 'nope'
}

function agentFor(config: Record<string, string>, capacity: number): Agent {
  const queue = { capacity: String(capacity), transactionCapacity: String(capacity), 'keep-alive': '0' }
  return new Agent(
    {
      agent: 'a',
      sinks: [],
      groups: [],
      channels: [{ kind: 'channel', name: 'c', type: 'memory', properties: queue }],
      sources: [
        {
          kind: 'source',
          name: 'r',
          type: 'netcat',
          properties: { bind: '127.0.0.1', port: '0', ...config },
          channels: ['c'],
          selector: { kind: 'selector', name: 'r', type: 'replicating', properties: {} },
          interceptors: []
        }
      ]
    },
    {
      log: () => new FakeLog(),
      clock: systemClock,
      load: () => Promise.reject(new Error('Nothing is installed.')),
      memoryBytes: 2 ** 28,
      resolved: none,
      environment: { variables: {}, properties: {}, configDirectory: undefined },
      definition: ({ type }) => definitions[type] ?? netcat
    }
  )
}

async function play(row: Transcript): Promise<{ answers: string; events: string[] }> {
  const agent = agentFor(row.config, row.channelCapacity)
  await agent.start()
  const address = agent.components().find(({ kind }) => kind === 'source')?.description ?? ''
  const socket = connect({ host: '127.0.0.1', port: Number(address.split(':')[1]), noDelay: true })
  const received: Buffer[] = []
  socket.on('data', (chunk: Buffer) => received.push(chunk))
  const closed = once(socket, 'close')
  await once(socket, 'connect')
  for (const { send } of row.steps) {
    socket.write(Buffer.from(send, 'base64'))
    for (let turn = 0; turn < 20; turn++) await new Promise(resolve => setImmediate(resolve))
  }
  socket.end()
  await closed
  const lease = await channel?.take(1000)
  const events = [...(lease?.batch ?? [])].map(event => event.body.toString('base64'))
  await lease?.[Symbol.asyncDispose]()
  assert.deepEqual(agent.balance().differences, [])
  await agent.stop(1000)
  return { answers: Buffer.concat(received).toString('base64'), events }
}

describe('netcat answers as Flume 1.11 did:', () => {
  for (const [i, row] of goldenRows<Transcript>('netcat-transcripts.jsonl').entries()) {
    const name = `${i + 1}. ${JSON.stringify(row.config)}, capacity ${row.channelCapacity}`
    if (row.config['encoding'] === 'nope') {
      test(`${name}: refused before it starts (Flume hangs each client)`, async () => {
        const { problems } = await checked(netcat, { bind: 'localhost', port: '0', ...row.config })
        assert.deepEqual(
          problems.map(({ key, level }) => [key, level]),
          [['encoding', 'error']]
        )
      })
    } else if (holdsBadBytes(row)) {
      test(`${name}: keeps every line, bad bytes replaced (Flume drops them and the connection)`, async () => {
        const { events } = await play(row)
        const sent = row.steps.map(({ send }) => Buffer.from(send, 'base64').toString('latin1')).join('')
        assert.equal(events.length, sent.split('\n').length - 1)
      })
    } else {
      test(name, async () => {
        const expected = [...row.steps.map(({ recv }) => recv), row.afterHalfClose?.recv ?? '']
        const bytes = Buffer.concat(expected.map(answer => Buffer.from(answer, 'base64')))
        const bodies = [...(row.eventsBeforeClose ?? []), ...(row.eventsAfterClose ?? [])].map(
          ({ body }) => body
        )

        assert.deepEqual(await play(row), { answers: bytes.toString('base64'), events: bodies })
      })
    }
  }
})
