// What a user is told to write instead, for the slips people make.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadConfiguration } from '../../config/load.ts'
import { SMALL_AGENT } from '../../testing/small-agent.ts'
import { registry } from '../registry.ts'

async function load(text: string) {
  return await loadConfiguration([{ file: 'x.conf', text }], {
    catalog: registry,
    variables: {},
    properties: {}
  })
}

for (const { line, hint } of [
  { line: 'a1.sources.r1.interceptor = i1', hint: 'Did you mean a1.sources.r1.interceptors?' },
  {
    line: 'a1.sources.r1.interceptor.i1.type = static',
    hint: 'Did you mean a1.sources.r1.interceptors.i1.type?'
  },
  { line: 'a1.sinks.k1.chanel = c1', hint: 'Did you mean a1.sinks.k1.channel?' },
  { line: 'a1.sources.r1.bacthSize = 1', hint: 'Did you mean batchSize?' },
  { line: 'a1.source.r1.bind = 1', hint: 'Write a1.sources.r1.bind = VALUE.' },
  { line: 'a1.sinks.k2.type = null', hint: 'Write a1.sinks = k1 k2, or remove its lines.' },
  { line: 'a1.sinks = k1,k2\na1.sinks.k2.type = null', hint: 'Write a1.sinks = k1 k2, or remove its lines.' },
  { line: 'a1.sinks = kl', hint: 'Write a1.sinks = k1, or remove its lines.' },
  { line: 'a1.sinks = k1,k9', hint: 'Separate names by blanks, not commas.' },
  { line: 'a1.sinks = k1 # mine', hint: 'Put the comment on a line of its own.' },
  {
    line: 'a1.sources.r1.type = netcat',
    hint: 'Add a1.sources.r1.port = VALUE. TCP port; 0 picks a free one.'
  },
  {
    line: "a1.sources.r1.type = ${f1['X']}",
    hint: 'Add f1 to a1.configfilters and define it, or correct its name.'
  }
]) {
  test(`${line.replace('\n', ', ')} is answered with what to write`, async () => {
    const { findings } = await load(`${SMALL_AGENT}${line}\n`)

    assert.ok(
      findings.some(finding => finding.hint === hint),
      JSON.stringify(findings)
    )
  })
}

test('a circle names every property on it', async () => {
  const { findings } = await load(`${SMALL_AGENT}a=\${b}\nb=\${c}\nc=\${a}\n`)

  assert.match(findings.find(({ key }) => key === 'a')?.message ?? '', /a -> b -> c -> a/)
})

for (const { name, text: wrong, start } of [
  { name: 'JSON', text: '{"a1": {}}\n', start: 'This looks like JSON' },
  { name: 'XML', text: '<agent/>\n', start: 'This looks like XML' },
  { name: 'YAML', text: 'a1:\n  sources: [r1]\n', start: 'This looks like YAML' },
  { name: 'prose', text: 'hello world\n', start: 'Write AGENT.sources' }
]) {
  test(`${name} is answered with what is wanted instead`, async () => {
    const { findings } = await load(wrong)

    assert.ok(
      findings.find(({ code }) => code === 'NO_CONFIGURATION')?.hint.startsWith(start),
      JSON.stringify(findings)
    )
  })
}

test('a Windows path with single backslashes is named, with double ones not', async () => {
  const { findings } = await load(`${SMALL_AGENT}a1.sinks.k1.x = C:\\temp\\new\n`)
  const doubled = await load(`${SMALL_AGENT}a1.sinks.k1.x = C:\\\\temp\\\\new\n`)

  assert.equal(findings.find(({ code }) => code === 'BACKSLASH_LOST')?.hint, 'Write C:/… or C:\\\\….')
  assert.ok(!doubled.findings.some(({ code }) => code === 'BACKSLASH_LOST'))
})

test('a word that counts as false is a warning, true and false are not', async () => {
  const flags = await Promise.all(
    ['yes', 'TRUE', 'False'].map(async word => {
      const netcat = SMALL_AGENT.replace(
        'r1.type = seq',
        'r1.type = netcat\na1.sources.r1.bind = ::1\na1.sources.r1.port = 0'
      )
      const { findings } = await load(`${netcat}a1.sources.r1.ack-every-event = ${word}\n`)
      return findings.map(({ level, message }) => [level, message])
    })
  )

  assert.deepEqual(flags, [[['warning', 'ack-every-event is "yes", which counts as false.']], [], []])
})

test('the finding about rolling names a property that exists', async () => {
  const { findings } = await load(
    `${SMALL_AGENT.replace('type = null', 'type = hdfs')}a1.sinks.k1.hdfs.path = /x\na1.sinks.k1.hdfs.rollInterval = 0\n`
  )

  assert.equal(findings.find(({ code }) => code === 'HDFS_DEFAULT_ROLL')?.key, 'a1.sinks.k1.hdfs.rollSize')
})

test('a misspelt secret is not shown', async () => {
  const { findings } = await load(`${SMALL_AGENT}a1.sink.k1.keystore-password = hunter2\n`)

  assert.deepEqual([findings.length, JSON.stringify(findings).includes('hunter2')], [1, false])
})
