import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bodiesIn, flip, readFlumeFiles } from '../../testing/flume-reading.ts'
import { oldFiles, OldLogWriter } from '../../testing/flume-old-logs.ts'

const NOW = 1_349_000_000_000
const LOG = 'd/log-1'
const BETWEEN = 'Bytes that are no records stand between records.'

const WORDS = ['alfa', 'bravo', 'charlie', 'delta', 'echo']

/** Five events, each with a commit of its own. */
function fiveEvents() {
  const writer = new OldLogWriter(1)
  const [puts, commits]: [number[], number[]] = [[], []]
  for (const [i, word] of WORDS.entries()) {
    puts.push(writer.put(NOW + i, NOW + i, word, { host: 'a', größe: '' }))
    commits.push(writer.commit(NOW + i, NOW + i, 1))
  }
  return { writer, files: oldFiles({ [LOG]: writer }), puts, commits }
}

async function afterFlip(at: number, bits: number) {
  const { folder, events } = await readFlumeFiles(flip(fiveEvents().files, LOG, at, bits))
  return { bodies: events.map(({ body }) => body), folder }
}

test('every byte of a log counts: one that is wrong costs no other event, or is noticed', async () => {
  const { writer, puts, commits } = fiveEvents()
  for (let at = 24; at < writer.length; at++) {
    for (const bits of [1, 0x80, 0xff]) {
      const { bodies, folder } = await afterFlip(at, bits)
      const hit = puts.findLastIndex(put => at >= put)

      // The event that the byte is of may be there or not; one after another all others are.
      assert.equal(
        bodies.filter(body => WORDS.includes(body) && body !== WORDS[hit]).join(' '),
        WORDS.filter((_word, i) => i !== hit).join(' '),
        `byte ${at} ^ ${bits}`
      )
      const isBody = at >= commits[hit]! - WORDS[hit]!.length && at < commits[hit]!
      const isNumber = [puts, commits].some(([...starts]) => starts.some(s => at >= s + 7 && at < s + 23))
      const isText = at >= puts[hit]! + 28 && at < commits[hit]! - 4 - WORDS[hit]!.length
      if (!isBody && !isNumber && !isText && at < commits[hit]! + 23)
        assert.ok(folder.damages.count > 0, `byte ${at} ^ ${bits} is not noticed`)
    }
  }
})

test('a wrong mark of a record is seen through', async () => {
  const { puts, commits } = fiveEvents()
  for (const at of [puts[1]!, puts[1]! + 2, commits[1]!, commits[1]! + 4, commits[4]! + 5]) {
    const { bodies, folder } = await afterFlip(at, 0xff)

    assert.deepEqual(bodies, WORDS)
    assert.deepEqual([folder.damages.first[0]?.kind, folder.damages.count], ['frame', 1])
  }
})

test('a length that is too long swallows no other events, wherever it leads to', async () => {
  const { writer, puts, commits } = fiveEvents()
  const lengthAt = commits[1]! - 5 - 4
  const [next, after] = [puts[2]! - commits[1]!, puts[3]! - commits[1]!]
  for (const length of [5 + next, 5 + after, writer.length - commits[1]! + 105, 6, 4, 0, 2 ** 30]) {
    const { files } = fiveEvents()
    files.get(LOG)!.writeInt32BE(length, lengthAt)

    const { folder, events } = await readFlumeFiles(files)

    assert.deepEqual(
      events.map(({ body }) => body),
      WORDS.filter(word => word !== 'bravo'),
      `length ${length}`
    )
    assert.deepEqual(folder.damages.first, [
      {
        kind: 'between',
        file: LOG,
        offset: puts[1],
        bytes: commits[1]! - puts[1]!,
        records: undefined,
        reason: BETWEEN
      }
    ])
  }
})

test('what a name says it is does not matter, as it does not to Flume', async () => {
  const { puts } = fiveEvents()

  const { bodies, folder } = await afterFlip(puts[1]! + 28, 8)

  assert.deepEqual([bodies, folder.damages.count], [WORDS, 0])
})

test('what a commit says it is of does not matter', async () => {
  const { commits } = fiveEvents()

  const { bodies, folder } = await afterFlip(commits[2]! + 24, 0xff)

  assert.deepEqual(bodies, WORDS)
  assert.deepEqual(
    folder.damages.first.map(({ offset, records }) => [offset, records]),
    [[commits[2], 0]]
  )
  assert.equal(folder.assumed, 0)
})

test('a commit that is gone does not lose its events', async () => {
  const { commits } = fiveEvents()

  const { bodies, folder } = await afterFlip(commits[2]! + 6, 0xff)

  assert.deepEqual(bodies, WORDS)
  assert.equal(folder.assumed, 1)
})

test('a body may hold what looks like records of another time, and is read as it is', async () => {
  const inner = fiveEvents().writer.bytes(0).subarray(24)
  const writer = new OldLogWriter(1)
  writer.put(NOW * 2, NOW * 2, inner)
  writer.commit(NOW * 2, NOW * 2, 1)

  const { events, folder } = await readFlumeFiles(oldFiles({ [LOG]: writer }))

  assert.deepEqual([events.length, events[0]?.body, folder.damages.count], [1, inner.toString(), 0])
})

test('a torn end costs only what was not committed', async () => {
  const { writer } = fiveEvents()
  const whole = writer.length
  writer.put(NOW + 9, NOW + 9, 'never finished')
  for (let end = whole; end <= writer.length; end++) {
    for (const filling of [0, 200]) {
      const log = Buffer.concat([writer.bytes(0).subarray(0, end), Buffer.alloc(filling, 0x80)])

      const { events, folder } = await readFlumeFiles(new Map([[LOG, log]]))

      assert.equal(events.length, 5, `cut at ${end}`)
      assert.equal(folder.assumed, 0)
    }
  }
})

test('an event may have no body, many headers, and more than the window holds', async () => {
  const headers = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`h${i}`, 'v'.repeat(i * 7)]))
  const large = { name: 'n'.repeat(3_000_000), [`k${'k'.repeat(70_000)}`]: 'x' }
  const writer = new OldLogWriter(1)
  writer.put(NOW, NOW, undefined, headers)
  writer.put(NOW, NOW, 'b'.repeat(2_500_000), large)
  writer.put(NOW, NOW, '')
  writer.commit(NOW, NOW, 1)

  const { events } = await readFlumeFiles(oldFiles({ [LOG]: writer }))

  assert.deepEqual(
    events.map(({ body, headers: found }) => [body.length, found]),
    [
      [0, headers],
      [2_500_000, large],
      [0, {}]
    ]
  )
})

test('whatever bytes are changed, a log is read to its end, and what is far from them is there', async () => {
  const change = fc.record({
    at: fc.integer({ min: 0, max: 1500 }),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 12 })
  })
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), fc.nat(1500), async (changes, cut) => {
      const { files, puts } = fiveEvents()
      const log = files.get(LOG)!
      for (const { at, bytes } of changes) log.set(bytes, Math.min(at, log.length - bytes.length))
      const first = Math.min(cut < log.length ? cut : log.length, ...changes.map(({ at }) => at))
      files.set(LOG, log.subarray(0, Math.max(29, cut)))

      const { events } = await readFlumeFiles(files)

      // Of two events next to the damage, the later one is judged by what follows it.
      const sure = puts.filter(put => put + 200 < first).length
      assert.deepEqual(
        events.slice(0, sure).map(({ body }) => body),
        WORDS.slice(0, sure)
      )
    }),
    { numRuns: 500 }
  )
})

test('lengths that lead everywhere take no more time than the log has bytes', async () => {
  const head = Buffer.from(new OldLogWriter(1).bytes(0))
  const one = new OldLogWriter(1)
  one.put(NOW, NOW, '', { a: 'b' })
  const put = one.bytes(0).subarray(24)
  const parts: Buffer[] = [head]
  for (let i = 0; i < 20_000; i++) {
    const part = Buffer.from(put)
    part.writeInt32BE(900_000, part.length - 4)
    // Each from another time, so that none is taken for a part of the one before.
    part.writeBigInt64BE(BigInt(i) * 200_000_000n, 7)
    part.writeBigInt64BE(BigInt(i) * 200_000_000n, 15)
    parts.push(part)
  }
  const began = performance.now()

  await bodiesIn(new Map([[LOG, Buffer.concat([...parts, Buffer.alloc(600_000, 0x80)])]]))

  assert.ok(performance.now() - began < 20_000)
})
