import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Random } from '../../src/testing/random.ts'
import {
  type Drained,
  drained,
  filledLog,
  type FilledLog,
  segmentsOf,
  spoiledEvents,
  touchedPuts
} from './damage-run.ts'

const ROUNDS = Number(process.env['MILLRACE_DAMAGES'] ?? 25)
const SEED = Number(process.env['MILLRACE_SEED'] ?? 1)

/** What holds after any damage; returns the numbers of the events that are lost. */
function checkAlways(
  filled: FilledLog,
  found: Drained,
  expected = filled.texts.slice(filled.taken)
): number[] {
  const given = new Set(found.texts)
  const lost = expected.filter(text => !given.has(text)).map(numberOf)
  const numbers = found.texts.map(numberOf)

  assert.ok(
    found.texts.every(text => filled.texts[numberOf(text)] === text),
    'an event was changed'
  )
  assert.deepEqual(
    numbers,
    [...new Set(numbers)].sort((one, other) => one - other),
    'not in order, or twice'
  )
  return lost
}

/** The report names exactly what is lost. */
function checkReport(found: Drained, lost: readonly number[]): void {
  const reported = found.skipped.reduce((sum, { events }) => sum + events, 0)
  assert.deepEqual([reported, found.skippedEvents], [lost.length, lost.length], `lost ${lost.join(' ')}`)
  for (const event of lost) {
    assert.ok(
      found.skipped.some(part => part.events > 0 && part.firstEvent <= event),
      `no report of ${event}`
    )
  }
}

function numberOf(text: string): number {
  return Number(text.slice(1, text.indexOf(':')))
}

type Spoil = (bytes: Buffer, from: number, to: number, random: Random) => void

const SPOILS: Readonly<Record<string, Spoil>> = {
  'a flipped bit': (bytes, from, _to, random) => {
    bytes[from] = (bytes[from] ?? 0) ^ (1 << random.below(8))
  },
  zeros: (bytes, from, to) => {
    bytes.fill(0, from, to)
  },
  noise: (bytes, from, to, random) => {
    random.bytes(to - from).copy(bytes, from)
  }
}

describe('a damaged log', () => {
  for (const [name, spoil] of Object.entries(SPOILS)) {
    test(
      `with ${name} anywhere loses what was there, reports it, and gives out the rest`,
      { timeout: 2 ** 31 - 1 },
      async () => {
        for (let round = 0; round < ROUNDS; round++) {
          const random = new Random(SEED * 1000 + round)
          const filled = await filledLog(random.seed(), 'closed')
          const path = random.pick(segmentsOf(filled.disk))
          const bytes = filled.disk.files().get(path) ?? Buffer.alloc(0)
          const from = random.below(bytes.length)
          const to =
            name === 'a flipped bit' ? from + 1 : Math.min(bytes.length, from + 1 + random.below(6000))
          const before = Buffer.from(bytes)
          const where = `seed ${SEED}, round ${round}, ${path} ${from}..${to} of ${bytes.length}`
          const [touched, spoiled] = [
            touchedPuts(filled, path, from, to),
            spoiledEvents(filled, path, from, to)
          ]
          spoil(bytes, from, to, random)
          if (bytes.equals(before)) continue
          filled.disk.plant(path, bytes)

          try {
            const found = await drained(filled.disk, random.chance(0.5))
            const lost = checkAlways(filled, found)
            checkReport(found, lost)
            const allowed = [...touched].flatMap(put => filled.puts[put] ?? [])
            for (const event of lost)
              assert.ok(within(filled, touched, event), `${event} is lost, damaged were ${allowed.join(' ')}`)
            for (const part of found.skipped) assert.equal(part.file, path)
            if (name === 'a flipped bit') for (const event of spoiled) assert.ok(lost.includes(event))
            if (lost.length > 0) assert.ok(found.quarantined > 0)
            const again = await drained(filled.disk.kill(), true)
            assert.deepEqual([again.heldAtStart, again.texts, again.skippedEvents], [0, [], 0])
          } catch (error) {
            throw new Error(where, { cause: error })
          }
        }
      }
    )
  }

  test('in files that hold no events costs nothing', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const random = new Random(SEED * 7000 + round)
      const filled = await filledLog(random.seed(), random.pick(['closed', 'cut off'] as const))
      const others = [...filled.disk.files().keys()].filter(path => !path.includes('/seg-'))
      const path = random.pick(others)
      const bytes = filled.disk.files().get(path) ?? Buffer.alloc(0)
      const from = random.below(bytes.length)
      random.pick(Object.values(SPOILS))(
        bytes,
        from,
        Math.min(bytes.length, from + 1 + random.below(100)),
        random
      )
      if (random.chance(0.2)) filled.disk.uproot(path)
      else filled.disk.plant(path, bytes.subarray(0, random.chance(0.5) ? bytes.length : from))

      try {
        const found = await drained(filled.disk, random.chance(0.5))
        assert.deepEqual([checkAlways(filled, found), found.skipped], [[], []])
      } catch (error) {
        throw new Error(`seed ${SEED}, round ${round}, ${path} from ${from}`, { cause: error })
      }
    }
  })

  test('cut short or missing files are reported, event by event', { timeout: 2 ** 31 - 1 }, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const random = new Random(SEED * 2000 + round)
      const filled = await filledLog(random.seed(), 'closed')
      const path = random.pick(segmentsOf(filled.disk))
      const bytes = filled.disk.files().get(path) ?? Buffer.alloc(0)
      const end = random.below(bytes.length)
      if (random.chance(0.3)) filled.disk.uproot(path)
      else filled.disk.plant(path, bytes.subarray(0, end))

      try {
        const found = await drained(filled.disk, random.chance(0.5))
        checkReport(found, checkAlways(filled, found))
        const again = await drained(filled.disk.kill(), true)
        assert.deepEqual([again.heldAtStart, again.texts, again.skippedEvents], [0, [], 0])
      } catch (error) {
        throw new Error(`seed ${SEED}, round ${round}, ${path} cut at ${end} of ${bytes.length}`, {
          cause: error
        })
      }
    }
  })

  test('swapped, copied and foreign files lose nothing', async () => {
    for (let round = 0; round < ROUNDS / 2; round++) {
      const random = new Random(SEED * 3000 + round)
      const filled = await filledLog(random.seed(), 'closed')
      const other = await filledLog(random.seed(), 'closed')
      const [one = '', two = ''] = random.shuffled(segmentsOf(filled.disk))
      const files = filled.disk.files()
      const kind = random.pick(['swap', 'copy', 'foreign', 'rubbish'])
      if (kind === 'swap') {
        filled.disk.plant(one, files.get(two) ?? Buffer.alloc(0))
        filled.disk.plant(two, files.get(one) ?? Buffer.alloc(0))
      } else if (kind === 'copy') {
        filled.disk.plant(one.replace('seg-0', 'seg-1'), files.get(one) ?? Buffer.alloc(0))
      } else if (kind === 'foreign') {
        const [stranger = ''] = segmentsOf(other.disk)
        filled.disk.plant('/data/log/seg-000000000000', other.disk.files().get(stranger) ?? Buffer.alloc(0))
      } else {
        filled.disk.plant('/data/log/notes.txt', random.bytes(5000))
      }

      try {
        const found = await drained(filled.disk, true)
        assert.deepEqual([checkAlways(filled, found), found.skippedEvents], [[], 0])
      } catch (error) {
        throw new Error(`seed ${SEED}, round ${round}, ${kind} ${one} ${two}`, { cause: error })
      }
    }
  })

  test('an older backup of the whole folder is what it was then', async () => {
    for (let round = 0; round < ROUNDS / 4; round++) {
      const filled = await filledLog(SEED * 4000 + round, 'closed')
      for (const path of filled.disk.files().keys()) filled.disk.uproot(path)
      for (const [path, bytes] of filled.backup.files) filled.disk.plant(path, bytes)

      const found = await drained(filled.disk, false)

      const { texts, taken } = filled.backup
      assert.deepEqual(found.texts, filled.texts.slice(taken, texts), `round ${round}`)
      assert.deepEqual(found.skipped, [])
    }
  })

  test('single files of an older backup break neither order nor start', async () => {
    for (let round = 0; round < ROUNDS / 2; round++) {
      const random = new Random(SEED * 5000 + round)
      const filled = await filledLog(random.seed(), 'closed')
      for (const [path, bytes] of filled.backup.files) if (random.chance(0.5)) filled.disk.plant(path, bytes)

      const found = await drained(filled.disk, random.chance(0.5))

      const lost = checkAlways(filled, found)
      assert.ok(
        lost.length <= found.skippedEvents + 0,
        `round ${round}: ${lost.length} lost, ${found.skippedEvents} reported`
      )
    }
  })

  test('after power loss, damage in front of the newest segment is told from its torn end', async () => {
    for (let round = 0; round < ROUNDS / 2; round++) {
      const random = new Random(SEED * 6000 + round)
      const filled = await filledLog(random.seed(), 'cut off')
      const paths = segmentsOf(filled.disk).slice(0, -3)
      if (paths.length === 0) continue
      const path = random.pick(paths)
      const bytes = filled.disk.files().get(path) ?? Buffer.alloc(0)
      const at = random.below(bytes.length)
      bytes.writeUInt8(bytes.readUInt8(at) ^ 4, at)
      filled.disk.plant(path, bytes)

      const found = await drained(filled.disk, random.chance(0.5))

      checkReport(found, checkAlways(filled, found))
    }
  })
})

function within(filled: FilledLog, puts: ReadonlySet<number>, event: number): boolean {
  return [...puts].some(put => {
    const [first, end] = filled.puts[put] ?? [0, 0]
    return first <= event && event < end
  })
}
