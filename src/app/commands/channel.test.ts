import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { BatchBuilder } from '../../core/batch-builder.ts'
import {
  contentOf,
  flumeFolder,
  harm,
  openLog,
  ourFolder,
  runCommand,
  scratch,
  type Ran
} from '../../testing/channel-folders.ts'
import { recordedEvents } from '../../testing/flume-folders.ts'
import { channelCommand } from './channel.ts'

const channel = (...words: readonly string[]): Promise<Ran> => runCommand(channelCommand, words)

test('inspect draws what a channel of Flume holds', async t => {
  const folder = await flumeFolder(t, 'takes')

  const { code, out } = await channel('inspect', join(folder, 'data'))

  assert.deepEqual(
    [code, out],
    [
      0,
      `┌─────────────┬─────────────────────────────────────────────┐
│ format      │ Apache Flume 1.x, log version 3             │
│ logs        │ 1 (1.0 MiB)                                 │
│ events held │ 180 (3.3 KiB of bodies)                     │
│ records     │ 300 puts, 130 takes, 18 commits, 1 rollback │
│ damage      │ none                                        │
└─────────────┴─────────────────────────────────────────────┘
`
    ]
  )
})

test('logs of version 2 are inspected, verified, exported and taken over', async t => {
  const folder = await flumeFolder(t, 'version-2-deleted')
  const data = [join(folder, 'data1'), join(folder, 'data2')]
  const held = (await readFile(join(folder, 'held.jsonl'), 'utf8')).trim().split('\n')

  const inspected = await channel('inspect', ...data)
  const verified = await channel('verify', ...data)
  const exported = await channel('export', ...data, '--format', 'text')
  const repaired = await channel('repair', ...data)

  assert.match(inspected.out, /│ format +│ Apache Flume 1\.x, log version 2 /)
  assert.match(inspected.out, /│ events held │ 7 /)
  assert.deepEqual(verified, { code: 0, out: '7 files, 7 events held: no damage\n', err: '' })
  assert.equal(exported.out.trim().split('\n').length, held.length)
  assert.match(repaired.out, /\n7 events taken over from Flume;/)
  assert.match((await channel('inspect', ...data)).out, /│ format +│ Millrace /)
})

test('a folder that Flume 1.11 went on with has logs of both versions', async t => {
  const folder = await flumeFolder(t, 'version-2-upgraded')

  const { out } = await channel('inspect', join(folder, 'data1'), join(folder, 'data2'))

  assert.match(out, /│ format +│ Apache Flume 1\.x, log version 2 and 3 /)
  assert.match(out, /│ events held │ 12 /)
})

test('inspect --json of our own format has the same fields', async t => {
  const folder = await ourFolder(t)

  const { code, out } = await channel('inspect', folder, '--json')

  const { files, bytes, ...rest } = JSON.parse(out) as { files: unknown[]; bytes: number } & Record<
    string,
    unknown
  >
  assert.ok(bytes > 0 && files.length > 0)
  assert.deepEqual(
    [code, rest],
    [
      0,
      {
        format: 'millrace',
        facts: { skipped: 0, givenUp: 0, returned: 0 },
        damages: [],
        events: 100,
        lost: 0,
        bodyBytes: 790,
        oldest: 1_700_000_000_000,
        newest: 1_700_000_000_009,
        damageCount: 0
      }
    ]
  )
})

test('verify lists every damage with its place, and ends with 1', async t => {
  const [flumes, ours] = [await flumeFolder(t, 'undelivered'), await ourFolder(t)]
  await harm(join(flumes, 'data'), 'event-0150')
  await harm(ours, 'event 42')

  const [one, other] = [await channel('verify', join(flumes, 'data')), await channel('verify', ours)]

  assert.equal(one.code, 1)
  assert.match(
    one.out,
    /log-1 at \d+, 92 bytes: lost 1 record\n {4}The event of a put does not match its checksum.*\n1 file, 299 events held: 1 damaged part, 1 event of those held lost\n/s
  )
  assert.equal(other.code, 1)
  assert.match(
    other.out,
    /seg-\w+ at \d+: lost 10 events\n.*\n\d files?, 90 events held: 1 damaged part, 10 events of those held lost\n/s
  )
})

test('where all segments are gone, the record of the last stop tells what is lost', async t => {
  const folder = await ourFolder(t)
  for (const name of await readdir(folder)) if (name.startsWith('seg-')) await rm(join(folder, name))

  const { code, out } = await channel('verify', folder)
  const log = await openLog(folder)
  const { skippedEvents } = log
  await log.close()

  assert.equal(code, 1)
  assert.match(
    out,
    /seg-\w+ at 8192: lost 100 events\n {4}The file is missing.*\n0 files, 0 events held: 1 damaged part, 100 events of those held lost\n$/
  )
  assert.equal(skippedEvents, 100)
})

test('a folder that is named twice is looked at once', async t => {
  const folder = await ourFolder(t)

  for (const command of ['verify', 'inspect', 'export', 'repair']) {
    const [once, twice] = [await channel(command, folder), await channel(command, folder, `${folder}/.`)]
    assert.deepEqual([twice.code, twice.out, twice.err], [once.code, once.out, once.err], command)
  }
})

test('looking changes nothing, in either format', async t => {
  const [flumes, ours] = [await flumeFolder(t, 'restart-dual'), await ourFolder(t)]
  await harm(ours, 'event 42')
  const before = [await contentOf(flumes), await contentOf(ours)]

  for (const command of ['inspect', 'verify', 'export'] as const) {
    await channel(command, join(flumes, 'data'))
    await channel(command, ours)
  }
  await channel('repair', ours, '--dry-run')

  assert.deepEqual([await contentOf(flumes), await contentOf(ours)], before)
})

test('export prints the events held: lines of JSON, text, or an Avro container in a file', async t => {
  const data = join(await flumeFolder(t, 'restart-dual'), 'data')
  const events = (await recordedEvents()).slice(200)
  const file = join(data, '../out.avro')

  const json = await channel('export', data)
  const text = await channel('export', data, '--format', 'text')
  const avro = await channel('export', data, '--format', 'avro', '-o', file)

  assert.deepEqual(
    json.out
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as unknown),
    events
  )
  assert.ok(
    text.out.startsWith('{} event-0200 payload\n{n=201, kéy=välue ✓} event-0201 payload\n'),
    text.out.slice(0, 100)
  )
  assert.deepEqual([avro.code, avro.out], [0, `100 events written to ${file}\n`])
  assert.equal((await readFile(file)).toString('latin1', 0, 3), 'Obj')
  assert.equal((await channel('export', data, '-o', file)).code, 2)
})

test('bodies that are no text stand in base64', async t => {
  const folder = await scratch(t)
  const log = await openLog(folder)
  await log.put(new BatchBuilder().add(Buffer.from([0xff, 0x00])).build(), new AbortController().signal)
  await log.close()

  assert.equal((await channel('export', folder)).out, '{"headers":{},"body64":"/wA="}\n')
})

test('an encrypted channel is read with the keys of the configuration', async t => {
  const folder = await flumeFolder(t, 'encrypted')
  const properties = {
    'encryption.keyProvider': 'JCEKSFILE',
    'encryption.keyProvider.keyStoreFile': join(folder, 'keystore.jceks'),
    'encryption.keyProvider.keyStorePasswordFile': join(folder, 'keystore.password'),
    'encryption.keyProvider.keys': 'key-0'
  }

  const without = await channel('verify', join(folder, 'data'))
  const { code, out } = await runCommand(channelCommand, ['verify', join(folder, 'data')], properties)

  assert.deepEqual([without.code, code, out], [2, 0, '1 file, 100 events held: no damage\n'])
  assert.match(without.err, /needs the key key-0/)
})

test('repair sets damaged parts aside: the next look is clean', async t => {
  const folder = await ourFolder(t)
  await harm(folder, 'event 42')

  const { code, out } = await channel('repair', folder)

  assert.equal(code, 1)
  assert.match(
    out,
    /never needed.*\n90 events held; the old files, 1 damaged part among them, are in \S+\/replaced-\S+\n$/s
  )
  assert.deepEqual(
    await channel('verify', folder).then(({ code: clean, out: text }) => [
      clean,
      text.replace(/^\d+ files?/, 'n files')
    ]),
    [0, 'n files, 90 events held: no damage\n']
  )
})

test('repair takes over a channel of Flume, its old files aside', async t => {
  const root = await flumeFolder(t, 'takes')
  const data = join(root, 'data')

  const { code, out } = await channel('repair', data, '--checkpoint', join(root, 'checkpoint'))
  const exported = await channel('export', data)

  assert.equal(code, 0)
  assert.match(
    out,
    /180 events taken over from Flume; its files are in \S+checkpoint\/flume-1\.x-\S+, \S+data\/flume-1\.x-\S+\n/
  )
  assert.equal(exported.out.trim().split('\n').length, 180)
  assert.deepEqual(
    (await readdir(data)).filter(name => /^log-\d/.test(name)),
    []
  )
})

test(
  'repair refuses while a process writes there',
  { skip: process.platform !== 'linux' && 'needs /proc' },
  async t => {
    const data = join(await flumeFolder(t, 'takes'), 'data')
    const { spawn } = await import('node:child_process')
    const child = spawn('sh', ['-c', `exec 3>>${join(data, 'log-1')}; echo ready; cat`], {
      stdio: ['pipe', 'pipe', 'inherit']
    })
    t.after(() => {
      child.kill('SIGKILL')
    })
    await new Promise(resolve => {
      child.stdout.once('data', resolve)
    })

    // What is being written may look like anything: a log that is gone, or of another version.
    await writeFile(join(data, 'log-2'), Buffer.from([0, 0, 0, 2]))
    const { code, err } = await channel('repair', data)

    assert.equal(code, 2)
    assert.match(err, new RegExp(`Process ${child.pid} still uses .*/log-1: stop that agent\\.`))
  }
)

test('a wrong command line, or a folder without a channel, says what to write', async t => {
  const folder = await scratch(t)

  for (const words of [
    [],
    ['look'],
    ['inspect'],
    ['verify', folder, '--format', 'json'],
    ['export', folder, '--format', 'xml'],
    ['inspect', '--what', folder]
  ]) {
    const { code, err } = await channel(...words)
    assert.equal(code, 2)
    assert.match(err, /Usage: flume-ng channel/)
  }
  assert.match((await channel('inspect', folder)).err, /no file channel's files are there/)
  assert.match((await channel('inspect', join(folder, 'none'))).err, /No such file or directory/)
  assert.match((await channel('--help')).out, /^Usage: flume-ng channel/)
})

test('verify --json is one piece of JSON also where both formats are there', async t => {
  const folder = await ourFolder(t)
  await writeFile(join(folder, 'log-1'), 'no log')

  const [one, other] = [await channel('verify', folder, '--json'), await channel('inspect', folder, '--json')]

  const formats = (JSON.parse(one.out) as { format: string }[]).map(({ format }) => format)
  assert.deepEqual([one.out, formats], [other.out, ['millrace', 'flume']])
})

test('a pipe with the name of a segment is reported, and not waited for', { timeout: 20_000 }, async t => {
  if (process.platform === 'win32') return t.skip('there are no named pipes')
  const folder = await ourFolder(t)
  spawnSync('mkfifo', [join(folder, 'seg-000000000f01')])

  const { code, out } = await channel('verify', folder)

  assert.equal(code, 1)
  assert.match(
    out,
    /seg-000000000f01 at 0: lost 0 events\n {4}It is no file, but a folder, a pipe or a device/
  )
})
