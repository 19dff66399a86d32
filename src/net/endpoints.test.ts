import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSettings } from '../core/read-settings.ts'
import { bytes, url } from '../core/schema.ts'
import { endpoint, endpoints, endpointText } from './endpoints.ts'

const settings = {
  target: endpoint('target', { doc: 'Where to.' }),
  hosts: endpoints('hosts', { doc: 'Where to, in turn.', defaultPort: 4141 }),
  buffer: bytes('buffer', { doc: 'How much.', default: 0, max: 2 ** 30 }),
  address: url('address', { doc: 'Whom to call.', schemes: ['http', 'https'] })
}
const GOOD = { target: 'h:1', hosts: 'h', address: 'http://h/' }

function read(properties: Record<string, string>) {
  return readSettings({ settings }, { ...GOOD, ...properties }, () => undefined)
}

test('names, IPv4 and IPv6 addresses have a port behind a colon, or the usual one', () => {
  const { values } = read({
    target: ' [fe80::1%eth0]:9000 ',
    hosts: 'web-1.example.org:1, 10.0.0.1:65535 [::1]  [2001:db8::7]:80,_under.score'
  })

  assert.deepEqual(values?.target, { host: 'fe80::1%eth0', port: 9000 })
  assert.deepEqual(values.hosts.map(endpointText), [
    'web-1.example.org:1',
    '10.0.0.1:65535',
    '[::1]:4141',
    '[2001:db8::7]:80',
    '_under.score:4141'
  ])
})

for (const [key, text, problem] of [
  ['target', 'h', 'target has "h", which is no host and port.'],
  ['target', '::1:80', 'target has "::1:80", which is no host and port.'],
  ['target', '[h]:80', 'target has "[h]:80", which is no host and port.'],
  ['target', 'h:0', 'target has "h:0", which is no host and port.'],
  ['target', 'http://h:1', 'target has "http://h:1", which is no host and port.'],
  ['hosts', 'a:1 b:65536', 'hosts has "b:65536", which is no host and port.'],
  ['hosts', ' , ', 'hosts has " , ", which is no host and port.'],
  ['hosts', 'a, a:4141', 'hosts names a:4141 twice.'],
  ['buffer', '4x', 'buffer is "4x", which is not a number of bytes.'],
  ['address', 'ftp://h/', 'address is "ftp://h/", which is not an address.'],
  ['address', 'h:80', 'address is "h:80", which is not an address.']
] as const) {
  test(`${key} = ${text} is refused`, () => {
    const { values, problems } = read({ [key]: text })

    assert.deepEqual([values, problems.map(({ message }) => message)], [undefined, [problem]])
  })
}

test('bytes may have a binary unit, and an address is taken apart', () => {
  const { values } = read({ buffer: ' 4M ', address: ' https://h:8443/x?y ' })

  assert.deepEqual([values?.buffer, values?.address.host], [4 * 1024 * 1024, 'h:8443'])
  assert.deepEqual([read({ buffer: '512' }).values?.buffer, read({ buffer: '2g' }).values], [512, undefined])
})
