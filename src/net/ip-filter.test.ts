import assert from 'node:assert/strict'
import { lookup, lookupService } from 'node:dns/promises'
import { test } from 'node:test'
import { readSettings } from '../core/read-settings.ts'
import { FakeClock } from '../testing/fake-clock.ts'
import { ipFilterOf, ipFilterProblems, ipFilterSettings, type NameTools } from './ip-filter.ts'

const NAMES: Readonly<Record<string, string>> = { '10.0.0.1': 'web-1.example.org', '127.0.0.1': 'localhost' }

function filter(ipFilterRules: string, tools: Partial<NameTools> = {}) {
  const asked: string[] = []
  const made = ipFilterOf(
    { ipFilter: true, ipFilterRules },
    {
      clock: new FakeClock(),
      nameOf: async address => {
        asked.push(address)
        return NAMES[address]
      },
      ownAddress: async () => '192.168.7.7',
      ...tools
    }
  )
  assert.ok(made)
  return { made, asked }
}

for (const [rules, allowed, denied] of [
  [
    'allow:ip:127.*,allow:name:localhost,deny:ip:*',
    ['127.0.0.1', '127.9.9.9', '192.168.7.7'],
    ['10.0.0.1', '::1']
  ],
  ['deny:name:localhost,allow:ip:*', ['10.0.0.1', '::1'], ['127.0.0.1', '::ffff:127.0.0.1', '192.168.7.7']],
  ['deny:ip:10.0.0.?', ['10.0.0.10', '1.2.3.4'], ['10.0.0.1']],
  ['deny:name:*.example.org', ['10.0.0.2'], ['10.0.0.1']],
  ['deny:name:10.0.0.2', ['10.0.0.1'], ['10.0.0.2']],
  ['deny:ip:0:0:0:0:0:0:0:1', ['0.0.0.1'], ['::1']],
  ['deny:ip:fe80:*%eth0', ['fe80::1%eth1'], ['fe80::1%eth0']],
  ['deny:ip:10.0.0.(1|2)', ['10.0.0.3', '10x0x0x1'], ['10.0.0.1', '10.0.0.2']],
  ['deny:ip:10, deny:ip: 1.1.1.1', ['10.0.0.1'], ['1.1.1.1']]
] as [string, string[], string[]][]) {
  test(`${rules} lets ${allowed.join(', ')} in, and not ${denied.join(', ')}`, async () => {
    const { made } = filter(rules)

    const found = await Promise.all([...allowed, ...denied].map(address => made.allows(address)))

    assert.deepEqual(found, [...allowed.map(() => true), ...denied.map(() => false)])
  })
}

test('names are asked for only where a rule needs one, once in 30 s', async () => {
  const clock = new FakeClock()
  const { made, asked } = filter('allow:ip:1.*,deny:name:web-*', { clock })

  await made.allows('1.1.1.1')
  assert.deepEqual(await Promise.all([made.allows('10.0.0.1'), made.allows('10.0.0.1')]), [false, false])
  assert.deepEqual(asked, ['10.0.0.1'])
  await clock.advance(30_000)
  await made.allows('10.0.0.1')
  assert.deepEqual(asked, ['10.0.0.1', '10.0.0.1'])
})

test('a name that does not come within 5 s, or cannot be found, is the address', async () => {
  const clock = new FakeClock()
  const { made } = filter('allow:name:9.9.9.9,deny:ip:*', {
    clock,
    nameOf: address => (address === '9.9.9.9' ? new Promise(() => {}) : Promise.reject(new Error('none')))
  })

  const slow = made.allows('9.9.9.9')
  await clock.advance(5_000)

  assert.deepEqual([await slow, await made.allows('8.8.8.8'), clock.pending], [true, false, 0])
})

test('the name that the system knows counts, where it leads back to the address', async () => {
  const { hostname } = await lookupService('127.0.0.1', 0)
  const leadsTo = await lookup(hostname, { all: true }).catch(() => [])
  const name = leadsTo.some(({ address }) => address === '127.0.0.1') ? hostname : '127.0.0.1'
  const made = ipFilterOf(
    { ipFilter: true, ipFilterRules: `deny:name:${name.replace(/.$/, '?')}` },
    { clock: new FakeClock() }
  )

  assert.equal(await made?.allows('127.0.0.1'), false)
})

for (const [properties, sentence] of [
  [{ ipFilter: 'true' }, 'ipFilter is configured with true but ipFilterRules is not defined.'],
  [
    { ipFilter: 'true', ipFilterRules: 'allow:ip:1,Deny:ip:*' },
    'ipFilterRules has "Deny:ip:*", which is no rule.'
  ],
  [
    { ipFilter: 'true', ipFilterRules: 'allow:host:x' },
    'ipFilterRules has "allow:host:x", which is no rule.'
  ],
  [{ ipFilter: 'true', ipFilterRules: 'allow:ip:(' }, 'ipFilterRules has "allow:ip:(", which is no rule.'],
  [{ ipFilter: 'false', ipFilterRules: 'nonsense' }, undefined],
  [{ ipFilter: 'true', ipFilterRules: 'deny:ip:*' }, undefined]
] as [Record<string, string>, string | undefined][]) {
  test(`${JSON.stringify(properties)} gives ${sentence ?? 'no problem'}`, () => {
    const { values } = readSettings({ settings: ipFilterSettings }, properties, () => undefined)
    assert.ok(values)

    assert.deepEqual(
      ipFilterProblems(values).map(({ message }) => message),
      sentence === undefined ? [] : [sentence]
    )
  })
}

test('without the switch there is no filter', () => {
  assert.equal(
    ipFilterOf({ ipFilter: false, ipFilterRules: 'deny:ip:*' }, { clock: new FakeClock() }),
    undefined
  )
})
