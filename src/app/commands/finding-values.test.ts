// How findings show values: cut, and not at all where they came from outside.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadConfiguration } from '../../config/load.ts'
import { SMALL_AGENT } from '../../testing/small-agent.ts'
import { registry } from '../registry.ts'

async function findingsOf(text: string) {
  const { findings } = await loadConfiguration([{ file: 'x.conf', text }], {
    catalog: registry,
    variables: { P: '7', S: 'hunter2' },
    properties: {}
  })
  return findings
}

test('values from the environment are not shown, however they got where they are', async () => {
  const findings = await findingsOf(
    `${SMALL_AGENT}P = \${env:P}\na1.sources.r1.batchSize = x\${P}\na1.channels.c1.capacity = \${env:S} 1\na1.sinks.k1.channel = \${env:S}\na1.sinks.k1.type = \${env:S}\nN = \${env:S}\n`
  )

  assert.deepEqual(
    findings.filter(({ code }) => code === 'BAD_NUMBER').map(({ message }) => message),
    [
      'batchSize is "***", which is not a whole number. For input string: "***"',
      'capacity is "***", which is not a whole number; 100 is used. For input string: "***"'
    ]
  )
  assert.ok(findings.some(({ code }) => code === 'UNDECLARED_CHANNEL'))
  assert.ok(!JSON.stringify(findings).includes('hunter2'))
})

test('long values are cut in findings, so that a report of many stays small', async () => {
  const long = 'x'.repeat(900_000)
  const strange = Array.from({ length: 3 }, (_, i) => `a1.sources.r${i}${long}.type = seq\n`).join('')
  const findings = await findingsOf(
    `${SMALL_AGENT}BIG = ${long} "${long}"\na1.sources.r1.batchSize = \${BIG}\na1.channels.c1.capacity = \${BIG}\n${strange}`
  )

  assert.ok(findings.some(({ code }) => code === 'BAD_NUMBER'))
  assert.ok(JSON.stringify(findings).length < 10_000)
})
