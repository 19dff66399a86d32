import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  contentOf,
  flumeFolder,
  harm,
  ourFolder,
  runCommand,
  scratch,
  type Ran
} from '../../testing/channel-folders.ts'
import { channelCommand } from './channel.ts'
import { toolCommand } from './tool.ts'

const channel = (...words: readonly string[]): Promise<Ran> => runCommand(channelCommand, words)

const tool = (...words: readonly string[]): Promise<Ran> => runCommand(toolCommand, words)

function summary(...counts: readonly number[]): string {
  const names = [
    'Events in the Channel',
    'Put Events Processed',
    'Valid Put Events',
    'Invalid Put Events',
    'Put Events that threw Exception during validation',
    'Corrupt Events'
  ]
  const lines = names.map((name, i) => `Number of ${name} = ${counts[i]}\n`)
  return `---------- Summary --------------------\n${lines.join('')}---------------------------------------\n`
}

test("fcintegritytool prints Flume's summary and leaves a sound folder as it is", async t => {
  const data = join(await flumeFolder(t, 'takes'), 'data')
  const before = await contentOf(data)

  const { code, out } = await tool('FcIntegrityTool', '-l', data)

  assert.deepEqual([code, out], [0, summary(450, 300, 300, 0, 0, 0)])
  assert.deepEqual(await contentOf(data), before)
})

test('fcintegritytool takes out what is corrupt, keeps a copy, and may run again', async t => {
  const data = join(await flumeFolder(t, 'undelivered'), 'data')
  await harm(data, 'event-0150')
  const damaged = await readFile(join(data, 'log-1'))

  const first = await tool('fcintegritytool', '-l', data)
  const second = await tool('fcintegritytool', '-l', data)

  assert.deepEqual([first.code, first.out], [0, summary(307, 299, 299, 0, 0, 1)])
  assert.deepEqual([second.code, second.out], [0, summary(306, 299, 299, 0, 0, 0)])
  assert.deepEqual(await readFile(join(data, 'log-1.bak')), damaged)
  assert.equal((await channel('verify', data)).out, '1 file, 299 events held: no damage\n')
})

test('whatever is broken in a log of Flume, one run of fcintegritytool makes it one that is read to its end', async t => {
  const data = join(await flumeFolder(t, 'undelivered'), 'data')
  const log = await readFile(join(data, 'log-1'))
  const end = log.indexOf(Buffer.alloc(64, 0x80))
  log[0] = 0x33
  log.fill(0, 3000, 4000)
  log.fill(0xaa, end + 5, end + 900)
  await writeFile(join(data, 'log-1'), log)

  const before = await channel('verify', data)
  const { code } = await tool('fcintegritytool', '-l', data)

  assert.deepEqual([before.code, code, (await channel('verify', data)).code], [1, 0, 0])
})

test('fcintegritytool counts what is corrupt among the events, and an event whose first byte was wrong as valid', async t => {
  const data = join(await flumeFolder(t, 'undelivered'), 'data')
  const log = await readFile(join(data, 'log-1'))
  log[0] = 0x33
  let at = 0
  for (let records = 1; records < 51; records++) at += 5 + log.readInt32BE(at + 1)
  log[at + 5] = 0x99
  await writeFile(join(data, 'log-1'), log)

  const { out } = await tool('fcintegritytool', '-l', data)

  assert.equal(out, summary(307, 300, 300, 0, 0, 1))
})

test('fcintegritytool asks a validator about an event whose first byte was wrong, too', async t => {
  const root = await flumeFolder(t, 'undelivered')
  const data = join(root, 'data')
  const log = await readFile(join(data, 'log-1'))
  log[0] = 0x33
  await writeFile(join(data, 'log-1'), log)
  const module = join(root, 'validator.mjs')
  await writeFile(
    module,
    "export default () => ({ validateEvent: ({ body }) => !String(body).startsWith('event-0000') })"
  )

  const { out } = await tool('fcintegritytool', '-l', data, '-e', module)

  assert.equal(out, summary(307, 300, 299, 1, 0, 0))
  assert.equal((await channel('verify', data)).out, '1 file, 299 events held: no damage\n')
})

test("fcintegritytool refuses logs of version 2, as Flume's does, and says why", async t => {
  const root = await flumeFolder(t, 'version-2-upgraded')
  const folders = [join(root, 'data1'), join(root, 'data2')]
  const before = await Promise.all(folders.map(contentOf))

  const { code, err } = await tool('fcintegritytool', '-l', folders.join(','))

  assert.notEqual(code, 0)
  assert.match(
    err,
    /log-\d+ is a log of version 2, as Flume 1\.2 wrote it: no record can be taken out of it\./
  )
  assert.deepEqual(await Promise.all(folders.map(contentOf)), before)
})

test('fcintegritytool asks a validator about every event', async t => {
  const root = await flumeFolder(t, 'undelivered')
  const module = join(root, 'validator.mjs')
  await writeFile(
    module,
    `export default ({ unwanted }) => ({ validateEvent: ({ headers, body }) => {
    if (body.length === 0) throw new Error('empty')
    return headers.n !== unwanted
  } })`
  )

  const { code, out, err } = await tool(
    'fcintegritytool',
    '-l',
    join(root, 'data'),
    '-e',
    module,
    '-D',
    'unwanted=30'
  )

  assert.deepEqual([code, out], [0, summary(307, 300, 298, 1, 1, 0)])
  assert.match(err, /The validator threw Error: empty/)
  assert.equal((await channel('verify', join(root, 'data'))).out, '1 file, 298 events held: no damage\n')
})

test('fcintegritytool works on our own format', async t => {
  const folder = await ourFolder(t)
  await harm(folder, 'event 42')

  assert.equal((await tool('fcintegritytool', '--dataDirs', folder)).out, summary(100, 90, 90, 0, 0, 10))
  assert.equal((await tool('fcintegritytool', '--dataDirs', folder)).out, summary(90, 90, 90, 0, 0, 0))
})

test('fcintegritytool asks a validator about the events of our own format too', async t => {
  const folder = await ourFolder(t)
  const module = join(await scratch(t), 'validator.mjs')
  await writeFile(
    module,
    'export default () => ({ validateEvent: ({ body }) => !body.toString().endsWith("7") })'
  )

  assert.equal(
    (await tool('fcintegritytool', '-l', folder, '-e', module)).out,
    summary(100, 100, 90, 10, 0, 0)
  )
  assert.equal((await channel('export', folder)).out.includes('event 17'), false)
  assert.equal((await tool('fcintegritytool', '-l', folder, '-e', module)).out, summary(90, 90, 90, 0, 0, 0))
})

test('a tool that cannot run ends with 1 and says why', async t => {
  const data = join(await flumeFolder(t, 'takes'), 'data')

  assert.deepEqual(await tool(), {
    code: 1,
    out: 'Please specify a tool to run. The available tools are: FCINTEGRITYTOOL\n',
    err: ''
  })
  assert.equal((await tool('another')).code, 1)
  assert.deepEqual(await tool('fcintegritytool', '-l', '/none'), {
    code: 1,
    out: '',
    err: 'Data directory, /none does not exist.\n'
  })
  assert.match(
    (await tool('fcintegritytool', '-l', data, '-e', 'com.example.Validator$Builder')).err,
    /is a Java class and cannot be run here/
  )
  for (const words of [['-h'], [], ['-l', data, '-h']]) {
    const { code, out } = await tool('fcintegritytool', ...words)
    assert.equal(code, 1)
    assert.match(out, /Could not parse command line options\. Exiting \.\.\.\n$/)
  }
})
