import assert from 'node:assert/strict'
import { mkdtemp, mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, test } from 'node:test'
import { readSettings, settingsOf, type Resolved } from '../../../core/read-settings.ts'
import { batchOf, fakeSinkContext } from '../../../testing/fake-context.ts'
import { lineSerializer } from '../../../testing/fake-serializer.ts'
import { sinkContract } from '../../../testing/sink-contract.ts'
import fileRoll from './file-roll.ts'

const never = new AbortController().signal
const resolved: Resolved = () => ({ status: 'found', definition: lineSerializer })

describe('file_roll', () => {
  let root = ''
  let directory = ''
  let count = 0

  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'millrace-file-roll-'))
  })
  after(() => rm(root, { recursive: true }))
  beforeEach(async () => {
    directory = join(root, String(count++))
    await mkdir(directory)
  })

  function open(properties: Record<string, string> = {}, context = fakeSinkContext()) {
    const settings = settingsOf(fileRoll, { 'sink.directory': directory, ...properties }, resolved)
    return { sink: fileRoll.create(settings, context), context }
  }

  async function contents(): Promise<string[]> {
    const names = (await readdir(directory)).sort()
    return Promise.all(names.map(name => readFile(join(directory, name), 'utf8')))
  }

  sinkContract('file_roll', async context => {
    const settings = settingsOf(fileRoll, { 'sink.directory': directory }, resolved)
    const stored = async (): Promise<string[]> => (await contents()).join('').split('\n').slice(0, -1)
    return { sink: fileRoll.create(settings, context), stored }
  })

  test('a new file is begun when the interval is over, and each is logged', async () => {
    const { sink, context } = open({ 'sink.rollInterval': '10' })
    await sink.start()
    await sink.deliver(batchOf(['a']), never)
    await context.clock.advance(10_000)
    await sink.deliver(batchOf(['b', 'c']), never)
    await sink.stop()

    assert.deepEqual(await contents(), ['a\n', 'b\nc\n'])
    assert.deepEqual(await readdir(directory), ['1700000000000-1', '1700000000000-2'])
    assert.deepEqual(
      context.log.lines.map(({ message, facts }) => [message, facts.events, facts.bytes]),
      [
        ['Rolled a file.', 1, 2],
        ['Rolled a file.', 2, 4]
      ]
    )
    assert.deepEqual(
      [context.counters.ConnectionCreatedCount, context.counters.ConnectionClosedCount],
      [2, 2]
    )
  })

  test('an idle sink leaves no empty files', async () => {
    const { sink, context } = open({ 'sink.rollInterval': '10' })
    await sink.start()
    await context.clock.advance(100_000)
    await sink.stop()

    assert.deepEqual(await readdir(directory), [])
  })

  test('an interval of 0 keeps one file', async () => {
    const { sink, context } = open({ 'sink.rollInterval': '0' })
    await sink.start()
    await sink.deliver(batchOf(['a']), never)
    await context.clock.advance(1_000_000)
    await sink.deliver(batchOf(['b']), never)
    await sink.stop()

    assert.deepEqual(await contents(), ['a\nb\n'])
  })

  test('names take prefix, extension and the time of rolling', async () => {
    const { sink } = open({
      'sink.pathManager': 'ROLLTIME',
      'sink.pathManager.prefix': 'web-',
      'sink.pathManager.extension': 'log'
    })
    await sink.start()
    await sink.deliver(batchOf(['a']), never)
    await sink.stop()

    assert.match((await readdir(directory)).join(), /^web-\d{14}-1\.log$/)
  })

  test('two sinks made in the same millisecond do not write over each other', async () => {
    const first = open().sink
    const second = open().sink
    await first.deliver(batchOf(['a']), never)
    await second.deliver(batchOf(['b']), never)
    await first.stop()
    await second.stop()

    assert.deepEqual(await contents(), ['a\n', 'b\n'])
  })

  test('a folder that does not exist fails the start with what to do, and heals', async () => {
    await rm(directory, { recursive: true })
    const { sink } = open()

    await assert.rejects(sink.start(), { code: 'ERR_START', message: /does not exist; create it/ })
    await mkdir(directory)
    await sink.start()
    await sink.stop()
  })

  test('a file deleted under the writer fails the batch, which then goes to a new file', async () => {
    const { sink } = open()
    await sink.start()
    await sink.deliver(batchOf(['a']), never)
    await rm(join(directory, '1700000000000-1'))

    await assert.rejects(sink.deliver(batchOf(['b']), never), {
      code: 'ERR_FILE_SYSTEM',
      message: /deleted while/
    })
    await sink.deliver(batchOf(['b']), never)
    await sink.stop()

    assert.deepEqual(await contents(), ['b\n'])
  })

  test('a folder that vanished fails batches until it is back', async () => {
    const { sink } = open()
    await sink.start()
    await rm(directory, { recursive: true })
    await assert.rejects(sink.deliver(batchOf(['a']), never), {
      code: 'ERR_FILE_SYSTEM',
      message: /Failed to open file/
    })
    await mkdir(directory)
    await sink.deliver(batchOf(['a']), never)
    await sink.stop()

    assert.deepEqual(await contents(), ['a\n'])
  })

  test('an event that the serializer refuses leaves the file as it was', async () => {
    const { sink } = open()
    await sink.start()
    await sink.deliver(batchOf(['a']), never)
    await assert.rejects(sink.deliver(batchOf(['refuse me']), never), { code: 'ERR_BAD_EVENT' })
    await sink.deliver(batchOf(['b']), never)
    await sink.stop()

    assert.deepEqual((await contents()).join(''), 'a\nb\n')
  })

  test('a new file is begun where the serializer asks for one', async () => {
    const { sink } = open()
    await sink.start()
    await sink.deliver(batchOf(['a', 'new file', 'b', 'new file']), never)
    await sink.stop()

    assert.deepEqual(await contents(), ['a\n', 'new file\nb\n', 'new file\n'])
  })

  test('stop waits for the delivery in hand and closes its file', async () => {
    const { sink, context } = open()
    await sink.start()
    await Promise.all([sink.deliver(batchOf(['a']), never), sink.stop()])

    assert.deepEqual(await contents(), ['a\n'])
    assert.equal(context.counters.ConnectionClosedCount, 1)
  })

  test('the file that is open is shown, with how long it has been', async () => {
    const { sink, context } = open()
    await sink.start()
    const before = sink.details?.().total
    await sink.deliver(batchOf(['a', 'b']), never)
    await context.clock.advance(1500)
    const { total, rows } = sink.details?.() ?? { total: 0, rows: [] }
    const shown = [...rows]
    await sink.stop()

    assert.deepEqual([before, total, sink.details?.().total], [0, 1, 0])
    assert.deepEqual(shown, [
      { name: join(directory, '1700000000000-1'), events: 2, bytes: 4, openMillis: 1500 }
    ])
  })

  test('a batch size below one is refused', () => {
    const { problems } = readSettings(
      fileRoll,
      { 'sink.directory': directory, 'sink.batchSize': '0' },
      resolved
    )

    assert.deepEqual(
      problems.map(({ key, code }) => [key, code]),
      [['sink.batchSize', 'BAD_NUMBER']]
    )
  })
})
