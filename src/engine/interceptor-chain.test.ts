import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineChannel, defineInterceptor, defineSelector, defineSource } from '../core/component.ts'
import type { Interceptor, InterceptorContext } from '../core/contracts/interceptor.ts'
import type { SourceContext } from '../core/contracts/source.ts'
import { counter } from '../core/metrics.ts'
import { batchOf } from '../testing/fake-context.ts'
import { FakeChannel, FakeSource } from '../testing/fake-parts.ts'
import { openAgent } from './testing/open-agent.ts'
import { openIngest } from './testing/open-ingest.ts'

const described = { stability: 'stable', summary: 'For tests.', settings: {} } as const
const same: Interceptor = { intercept: batch => batch }

/** An agent of one source `r1` with these interceptors, and what started and stopped in it. */
function open(made: (name: string, context: InterceptorContext, happened: string[]) => Interceptor) {
  const happened: string[] = []
  const contexts = new Map<string, InterceptorContext>()
  const source = new FakeSource()
  let ingest: SourceContext['ingest'] = () => assert.fail()
  const definitions = [
    defineSource({
      ...described,
      type: 's',
      create: (_settings, context) => {
        ingest = context.ingest
        return {
          start: async () => {
            await source.start()
            happened.push('start r1')
          },
          stop: async () => {
            await source.stop()
            happened.push('stop r1')
          },
          describe: () => 'somewhere'
        }
      }
    }),
    defineChannel({ ...described, type: 'c', create: () => new FakeChannel() }),
    defineSelector({
      ...described,
      type: 'all',
      create: () => ({ route: batch => [{ channel: 'c1', batch, required: true }] })
    }),
    defineInterceptor({
      ...described,
      type: 'i',
      metrics: { MadeCount: counter('times', 'Times that it was made.') },
      create: (_settings, context) => {
        context.counters.MadeCount += 1
        contexts.set(context.name, context)
        return made(context.name, context, happened)
      }
    })
  ]
  const interceptor = (name: string) => ({ kind: 'interceptor', name, type: 'i', properties: {} }) as const
  const opened = openAgent(
    {
      channels: [{ kind: 'channel', name: 'c1', type: 'c', properties: {} }],
      sources: [
        {
          kind: 'source',
          name: 'r1',
          type: 's',
          properties: {},
          channels: ['c1'],
          selector: { kind: 'selector', name: 'selector', type: 'all', properties: {} },
          interceptors: [interceptor('i1'), interceptor('i2')]
        }
      ]
    },
    definitions
  )
  return { ...opened, source, happened, contexts, ingest: (...texts: string[]) => ingest(batchOf(texts)) }
}

/** One that says when it starts and stops. */
function living(name: string, _context: InterceptorContext, happened: string[]): Interceptor {
  return {
    ...same,
    start: async () => void happened.push(`start ${name}`),
    stop: async () => void happened.push(`stop ${name}`)
  }
}

test('interceptors start in order before their source and stop in the opposite order behind it', async () => {
  const { agent, happened } = open(living)

  await agent.start()
  await agent.stop()

  assert.deepEqual(happened, ['start i1', 'start i2', 'start r1', 'stop r1', 'stop i2', 'stop i1'])
})

test('one that cannot start keeps its source from starting, says who it is, and is tried again', async () => {
  let isDown = true
  const { agent, happened, clock, source } = open((name, context, told) => ({
    ...living(name, context, told),
    start: async () => {
      if (name === 'i2' && isDown) throw new Error('no such host')
      told.push(`start ${name}`)
    }
  }))

  await agent.start()
  const early = agent.components().find(({ kind }) => kind === 'source')
  const startsBefore = source.starts
  isDown = false
  await clock.advance(3000)
  const late = agent.components().find(({ kind }) => kind === 'source')
  await agent.stop()

  assert.deepEqual(
    [early?.state, early?.error, startsBefore],
    ['failing', 'The interceptor i2 cannot start: no such host', 0]
  )
  assert.deepEqual([late?.state, late?.description], ['running', 'somewhere'])
  assert.deepEqual(happened.slice(-6), ['start i1', 'start i2', 'start r1', 'stop r1', 'stop i2', 'stop i1'])
})

test('all are stopped, though one of them and the source fail to', async () => {
  const { agent, happened, source, logs } = open((name, context, told) => ({
    ...same,
    stop: async () => {
      told.push(`stop ${name}`)
      if (name === 'i2') throw new Error('stuck')
    }
  }))
  source.stop = () => Promise.reject(new Error('stuck, too'))

  await agent.start()
  await agent.stop()

  assert.deepEqual(happened, ['start r1', 'stop i2', 'stop i1'])
  assert.deepEqual(logs.get('source r1')?.messages('error'), [
    'A component failed to stop cleanly.',
    'A component failed to stop cleanly.'
  ])
})

test('each has its own name, log and counters, and knows its source', async () => {
  const { agent, contexts, logs, ingest } = open((name, { log }) => ({
    intercept: batch => {
      log.info('Seen.')
      return name === 'i1' ? batch.filter(i => batch.text(i) !== 'drop') : batch
    }
  }))
  await agent.start()
  await ingest('keep', 'drop', 'drop')
  const counters = agent.counters().filter(({ type }) => type === 'INTERCEPTOR')
  await agent.stop()

  assert.deepEqual(
    [...contexts.values()].map(({ name, source }) => [name, source]),
    [
      ['i1', 'r1'],
      ['i2', 'r1']
    ]
  )
  assert.deepEqual(
    ['interceptor r1.i1', 'interceptor r1.i2'].map(name => logs.get(name)?.messages('info')),
    [['Seen.'], ['Seen.']]
  )
  assert.deepEqual(
    counters.map(({ name, values }) => [name, values]),
    [
      ['r1.i1', { EventReceivedCount: 3, EventDroppedCount: 2, EventFailedCount: 0, MadeCount: 1 }],
      ['r1.i2', { EventReceivedCount: 1, EventDroppedCount: 0, EventFailedCount: 0, MadeCount: 1 }]
    ]
  )
})

test('an interceptor that broke has its source started again, and itself before', async () => {
  const { agent, contexts, happened, clock } = open(living)
  await agent.start()

  contexts.get('i1')?.fail(new Error('lost the list'))
  await clock.advance(3000)
  await agent.stop()

  assert.deepEqual(happened.slice(3, 9), [
    'stop r1',
    'stop i2',
    'stop i1',
    'start i1',
    'start i2',
    'start r1'
  ])
})

test('an event on which one fails is counted there once, the others as they pass', async () => {
  const channel = new FakeChannel()
  const failing: Interceptor = {
    intercept: batch => {
      for (const event of batch) if (event.text === 'bad') throw new Error('cannot')
      return batch
    }
  }
  const { ingest, links, log } = openIngest({ channel }, { interceptors: [same, failing, same] })

  await ingest.ingest(batchOf(['a', 'bad', 'b']))

  assert.deepEqual(
    links.map(({ counters }) => Object.values(counters)),
    [
      [3, 0, 0],
      [3, 0, 1],
      [2, 0, 0]
    ]
  )
  assert.deepEqual(
    log.lines.map(({ facts }) => facts),
    [{ interceptor: 'i2', events: 1, reason: 'cannot' }]
  )
})

test('each that fails is told at once, then every 10 s with the number of events', async () => {
  const channel = new FakeChannel()
  const failsOn = (bad: string): Interceptor => ({
    intercept: batch => {
      for (const event of batch) if (event.text === bad) throw new Error(bad)
      return batch
    }
  })
  const { ingest, log, clock } = openIngest({ channel }, { interceptors: [failsOn('x'), failsOn('y')] })

  await ingest.ingest(batchOf(['x', 'y', 'x', 'y', 'y']))
  await clock.advance(10_000)
  await ingest.ingest(batchOf(['x', 'y']))

  assert.deepEqual(
    log.lines.map(({ facts }) => [facts?.['interceptor'], facts?.['events']]),
    [
      ['i1', 1],
      ['i2', 1],
      ['i1', 2],
      ['i2', 3]
    ]
  )
})
