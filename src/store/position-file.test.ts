import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settled } from '../testing/fake-clock.ts'
import { Random } from '../testing/random.ts'
import { SimulatedDisk, type SimulatedDiskOptions } from '../testing/simulated-disk.ts'
import type { FaultKind, OperationName } from '../testing/simulated-faults.ts'
import { checkedFormat, PositionFile, type FoundPosition } from './position-file.ts'

const FILE = '/state/positions'

interface Numbered {
  readonly number: number
  readonly filling: string
}

const FORMAT = checkedFormat(value => value as Numbered)

function diskOf(options: Partial<SimulatedDiskOptions> = {}): SimulatedDisk {
  return new SimulatedDisk({ seed: 1, folders: ['/state'], automatic: true, ...options })
}

function numbered(number: number, bytes = 0): Numbered {
  return { number, filling: 'x'.repeat(bytes) }
}

function numberIn(found: FoundPosition<Numbered>): number {
  assert.notEqual(found.state, 'damaged')
  return found.state === 'found' ? found.position.number : 0
}

/** What is known of a file over several lives. */
interface Account {
  /** The number of the last write that resolved. */
  safe: number
  /** The last number given. */
  given: number
}

const FAILING: readonly OperationName[] = [
  'open',
  'write',
  'sync',
  'truncate',
  'rename',
  'unlink',
  'syncFolder'
]
const KINDS: readonly FaultKind[] = ['EIO', 'ENOSPC', 'short', 'slow', 'EMFILE']

/** Writes until a moment that nobody chose; some at once, some one after the other. */
async function live(disk: SimulatedDisk, account: Account, random: Random): Promise<void> {
  const file = new PositionFile(disk, FILE, FORMAT)
  const writes = 1 + random.below(6)
  for (let i = 0; i < writes; i++) {
    const number = ++account.given
    const writing = file.write(numbered(number, random.below(6000))).then(
      () => {
        account.safe = Math.max(account.safe, number)
      },
      () => undefined
    )
    if (i < writes - 1 && random.chance(0.7)) await writing
  }
  for (let turns = random.below(25); turns > 0; turns--) await new Promise(resolve => setImmediate(resolve))
}

async function story(seed: number): Promise<string[]> {
  const random = new Random(seed)
  const account = { safe: 0, given: 0 }
  const bytes = random.chance(0.3) ? 4096 * (1 + random.below(6)) : Infinity
  let disk = diskOf({ seed: random.seed(), bytes, spoils: random.chance(0.5) })
  const violations: string[] = []
  for (let life = 0; life < 4; life++) {
    if (random.chance(0.6)) {
      const after = random.below(12)
      const times = random.chance(0.2) ? Infinity : 1 + random.below(3)
      disk.faults.add({ operations: [random.pick(FAILING)], after, times, kind: random.pick(KINDS) })
    }
    await live(disk, account, random)
    violations.push(...disk.violations)
    disk = random.chance(0.7) ? disk.crash() : disk.kill()

    const number = numberIn(await new PositionFile(disk, FILE, FORMAT).read())
    assert.ok(number >= account.safe && number <= account.given, `${number}, ${JSON.stringify(account)}`)
  }
  return violations
}

test('whatever happens, the file holds the last position that was safe, or a later one, whole', async () => {
  for (let seed = 0; seed < 400; seed++) {
    const violations = await story(seed).catch((error: unknown) => {
      throw new Error(`seed ${seed}`, { cause: error })
    })

    assert.deepEqual(violations, [], `seed ${seed}`)
  }
})

test('a full disk keeps the old position and its room, and takes the next one when there is room', async () => {
  const disk = diskOf()
  const file = new PositionFile(disk, FILE, FORMAT)
  await file.write(numbered(1))
  disk.bytes = 4096 * 3
  await assert.rejects(file.write(numbered(2, 20_000)), { code: 'ENOSPC' })
  const then = numberIn(await file.read())
  const names = await disk.list('/state')
  disk.bytes = Infinity
  await file.write(numbered(3, 20_000))

  assert.deepEqual([then, names, numberIn(await file.read())], [1, ['positions'], 3])
})

test('a position that is on the disk already is not written again, unless it may not be there', async () => {
  const disk = diskOf()
  const file = new PositionFile(disk, FILE, FORMAT)
  await file.write(numbered(1))
  const before = disk.completed
  await file.write(numbered(1))
  const after = disk.completed
  disk.faults.add({ operations: ['syncFolder'], after: 0, times: 1, kind: 'EIO' })
  await assert.rejects(file.write(numbered(2)), { code: 'EIO' })
  await file.write(numbered(2))

  assert.equal(after, before)
  assert.equal(numberIn(await new PositionFile(disk.crash(), FILE, FORMAT).read()), 2)
})

test('positions that come while one is written go out together, as the last of them', async () => {
  const disk = diskOf()
  const written: number[] = []
  const encode = (position: Numbered): Buffer => {
    written.push(position.number)
    return FORMAT.encode(position)
  }
  const file = new PositionFile(disk, FILE, { ...FORMAT, encode })
  const first = file.write(numbered(1))
  await settled()
  await Promise.all([first, ...[2, 3, 4].map(number => file.write(numbered(number)))])

  assert.deepEqual(written, [1, 4])
})

test('no file, one that is damaged, and one that cannot be read now are told apart', async () => {
  const disk = diskOf()
  const file = new PositionFile(disk, FILE, FORMAT)
  const none = await file.read()
  await file.write(numbered(1))
  const bytes = disk.files().get(FILE)
  disk.plant(FILE, bytes?.subarray(0, -1) ?? Buffer.alloc(0))
  const cut = await file.read()
  disk.plant(FILE, Buffer.alloc(0))
  const empty = await file.read()
  disk.faults.add({ operations: ['read'], after: 0, times: 1, kind: 'EIO' })
  disk.plant(FILE, bytes ?? Buffer.alloc(0))

  assert.deepEqual([none.state, cut.state, empty.state], ['none', 'damaged', 'damaged'])
  await assert.rejects(file.read(), { code: 'EIO' })
  assert.equal(numberIn(await file.read()), 1)
})

test('a file that no source would write is refused in both directions before memory is taken for it', async () => {
  const disk = diskOf()
  const file = new PositionFile(disk, FILE, FORMAT)
  await file.write(numbered(1))

  await assert.rejects(file.write(numbered(2, 17 * 1024 * 1024)), { code: 'ERR_UNSUPPORTED' })
  assert.equal(numberIn(await file.read()), 1)
  disk.plant(FILE, Buffer.alloc(17 * 1024 * 1024))
  await assert.rejects(file.read(), { code: 'ERR_FORMAT' })
})

test('a format of another program is kept to the byte', async () => {
  // As Flume's taildir source writes them.
  const theirs = Buffer.from('[{"inode":10314279,"pos":390,"file":"/logs/a\\u003d1.log"}]')
  const format = {
    encode: (entries: unknown) => Buffer.from(JSON.stringify(entries).replaceAll('=', '\\u003d')),
    decode: (bytes: Buffer) => JSON.parse(bytes.toString()) as unknown
  }
  const disk = diskOf()
  disk.plant(FILE, theirs)
  const file = new PositionFile(disk, FILE, format)
  const found = await file.read()
  const position = found.state === 'found' ? found.position : undefined
  await file.write(position)

  assert.deepEqual(position, [{ inode: 10314279, pos: 390, file: '/logs/a=1.log' }])
  assert.deepEqual(disk.files().get(FILE), theirs)
})
