import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { temporaryFolder } from './agent-process.ts'
import { converse, LineClient, numbered, numbersOf, upTo } from './line-client.ts'
import { WatchedAgent } from './watched-agent.ts'

const FULL = /^FAILED: Space for commit to queue couldn't be acquired/

describe('a full channel', { concurrency: 3 }, () => {
  test('lines are refused after keep-alive each, those answered OK are delivered when the sink is up again', async () => {
    using folder = temporaryFolder()
    const out = join(folder.path, 'later')
    await using agent = await WatchedAgent.start({ channel: { 'keep-alive': '1' } }, { out })
    const port = await agent.port()
    const startedAt = performance.now()
    const refused = await converse(port, numbered(0, 102))
    const ms = performance.now() - startedAt
    mkdirSync(out)
    await agent.delivered(100)
    const accepted = await converse(port, numbered(200, 10))
    await agent.stop()

    assert.deepEqual([refused.oks, refused.refusals.length, accepted.oks], [100, 2, 10])
    for (const refusal of refused.refusals) assert.match(refusal, FULL)
    assert.ok(ms >= 2000, `two lines waited ${ms} ms`)
    assert.deepEqual(numbersOf(agent.storedLines()), [...upTo(100), ...upTo(210).slice(200)])
  })

  for (const { name, text } of [
    { name: 'lines', text: numbered(0, 10_000) },
    { name: 'empty lines', text: '\n'.repeat(1_000_000) }
  ]) {
    test(`a sender of ${name} without acknowledgements is not read while the channel is full, and loses nothing`, async () => {
      using folder = temporaryFolder()
      const out = join(folder.path, 'later')
      const settings = { source: { 'ack-every-event': 'false' }, channel: { 'keep-alive': '1000' } }
      await using agent = await WatchedAgent.start(
        { ...settings, sink: { 'sink.batchSize': '100' } },
        { out }
      )
      using client = await LineClient.dial(await agent.port())
      const flood = client.flood(text, 64)
      await client.stuck()
      const { sources, channels } = await agent.balance()
      const taken = client.socket.bytesWritten - client.socket.writableLength
      client.socket.resetAndDestroy()
      const sent = await flood
      mkdirSync(out)
      await agent.delivered(101)
      const { accepted } = await agent.stop()

      assert.deepEqual([sources[0]?.accepted, channels[0]?.held], [100, 100])
      assert.ok(sent < 64, `${taken} bytes were taken`)
      assert.equal(agent.storedLines().length, accepted)
    })
  }

  test('a flood without acknowledgements flows through a channel of 100 events', async () => {
    await using agent = await WatchedAgent.start({ source: { 'ack-every-event': 'false' } })
    const client = await LineClient.dial(await agent.port())
    for (let from = 0; from < 500_000; from += 10_000) await client.send(numbered(from, 10_000))
    await client.finish()
    await agent.delivered(500_000)
    await agent.stop()

    assert.deepEqual(client.refusals, [])
    assert.deepEqual(numbersOf(agent.storedLines()), upTo(500_000))
  })

  test('a channel with room for a million events stays within its bytes while the sink is away', async () => {
    using folder = temporaryFolder()
    const out = join(folder.path, 'later')
    const channel = {
      capacity: '10000000',
      transactionCapacity: '10000',
      byteCapacity: '10000000',
      'keep-alive': '0'
    }
    await using agent = await WatchedAgent.start({ channel }, { out })
    const client = await LineClient.dial(await agent.port())
    for (let from = 0; from < 150_000; from += 10_000) await client.send(numbered(from, 10_000))
    await client.finish()
    mkdirSync(out)
    await agent.delivered(client.oks)
    await agent.stop()

    assert.equal(client.answers, 150_000)
    assert.equal(client.oks, 80_000)
    assert.match(client.refusals[0] ?? '', /Byte capacity allocated to store event body 8000000\.0reached/)
    assert.deepEqual(numbersOf(agent.storedLines()), upTo(80_000))
  })
})
