import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkPropertyNames } from './property-names.ts'

for (const [name, meant] of [
  ['flume.montoring.type', 'flume.monitoring.type'],
  ['flume.monitor.type', 'flume.monitoring.type'],
  ['flume.monitoring.prot', 'flume.monitoring.port'],
  ['flume.root.loger', 'flume.root.logger'],
  ['flume.Root.logger', 'flume.root.logger']
] as const) {
  test(`-D${name} is refused`, () => {
    assert.throws(() => checkPropertyNames({ [name]: 'x' }), {
      code: 'ERR_CONFIG',
      message: `-D${name} is no property of the agent. Did you mean -D${meant}?`
    })
  })
}

test('properties of Flume and of anybody else are taken', () => {
  checkPropertyNames({
    'flume.monitoring.type': 'http',
    'flume.log.level': 'x',
    'flume.my.own': 'x',
    'my.flume.home': 'x',
    'log4j.configurationFile': 'x',
    'javax.net.ssl.keyStore': 'x',
    lookups: 'x',
    bach: '1'
  })
})
