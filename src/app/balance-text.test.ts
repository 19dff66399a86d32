import assert from 'node:assert/strict'
import { test } from 'node:test'
import { balanceText } from './balance-text.ts'

const SOURCE = { name: 'r', received: 3, accepted: 3, rejected: {}, entering: 0, dropped: {} }
const CHANNEL = {
  name: 'c',
  stored: 3,
  recovered: 0,
  taken: 3,
  held: 0,
  storing: 0,
  settling: 0,
  abandoned: 0,
  skipped: {}
}
const SINK = { name: 'k', taken: 3, delivered: 3, dropped: {} }

test('a balance without trouble is short', () => {
  const text = balanceText({ sources: [SOURCE], channels: [CHANNEL], sinks: [SINK], differences: [] })

  assert.deepEqual(text.split('\n'), [
    'source r: received 3, accepted 3',
    'channel c: stored 3, taken 3',
    'sink k: delivered 3',
    'Every event is accounted for.'
  ])
})

test('what was refused, dropped, kept and lost is said with its reason', () => {
  const text = balanceText({
    sources: [
      {
        ...SOURCE,
        received: 9,
        rejected: { ERR_CHANNEL_FULL: 5, ERR_STOPPED: 1 },
        dropped: { interceptor: 2 }
      }
    ],
    channels: [{ ...CHANNEL, recovered: 4, held: 1, abandoned: 5, skipped: { damaged: 2 } }],
    sinks: [{ ...SINK, dropped: { poison: 1 } }],
    differences: ['Sink k took 3, settled 4.']
  })

  assert.deepEqual(text.split('\n'), [
    'source r: received 9, accepted 3, rejected 6 (5 ERR_CHANNEL_FULL, 1 ERR_STOPPED), dropped 2 (2 interceptor)',
    'channel c: recovered 4, stored 3, taken 3, held 1, LOST 5, LOST to damage 2 (2 damaged)',
    'sink k: delivered 3, dropped 1 (1 poison)',
    'Sink k took 3, settled 4.'
  ])
})

test('events that were lost are not passed over where everything adds up', () => {
  const channels = [
    { ...CHANNEL, stored: 8, abandoned: 5 },
    { ...CHANNEL, name: 'd', stored: 5, skipped: { damaged: 2 } }
  ]

  const text = balanceText({ sources: [SOURCE], channels, sinks: [SINK], differences: [] })

  assert.equal(text.split('\n').at(-1), 'Every event is accounted for, 7 of them as LOST.')
})

test('control characters of names reach no terminal', () => {
  const source = { ...SOURCE, name: 'r\x1b[31m', dropped: { 'bad\x9b': 1 } }
  const text = balanceText({ sources: [source], channels: [], sinks: [], differences: ['\x1b]0;x\x07'] })

  assert.equal(text, 'source r\\x1b[31m: received 3, accepted 3, dropped 1 (1 bad\\x9b)\n\\x1b]0;x\\x07')
})
