import assert from 'node:assert/strict'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import { failureOf } from './database-messages.ts'
import { EventDatabase, type StoredRow } from './event-database.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-database-'))
let files = 0
after(() => rmSync(folder, { recursive: true }))

function newFile(): string {
  return join(folder, `${files++}.sqlite`)
}

function open(file: string): EventDatabase {
  return new EventDatabase(file, { createSchema: true })
}

function row(first: number, events: number, text = `${first}`) {
  return { first, events, blob: new Uint8Array(Buffer.from(text)) }
}

function fill(database: EventDatabase, ...rows: StoredRow[]): void {
  database.transaction(() => database.put(rows))
}

function firsts(database: EventDatabase): number[] {
  return database.read(0, Infinity).map(({ first }) => first)
}

test('rows are read in order, at least one and up to so many bytes', () => {
  const database = open(newFile())
  fill(database, row(0, 2, 'aaaa'), row(2, 3, 'bbbb'), row(5, 1, 'cccc'))

  const reads = [database.read(0, 1), database.read(2, 5), database.read(6, 1)]

  assert.deepEqual(
    reads.map(rows => rows.map(({ first, events }) => [first, events])),
    [
      [[0, 2]],
      [
        [2, 3],
        [5, 1]
      ],
      []
    ]
  )
  database.close()
})

test('a row goes once all of its events were taken, in whatever parts', () => {
  const database = open(newFile())
  const whole = { first: 10, events: 3 }
  fill(database, row(10, 3), row(13, 1))

  database.transaction(() =>
    database.take(
      [],
      [
        { first: 12, events: 1, row: whole },
        { first: 10, events: 1, row: whole }
      ]
    )
  )
  const between = [firsts(database), database.contents()]
  database.transaction(() => database.take([], [{ first: 11, events: 1, row: whole }]))

  const unknown = { arrivedMs: undefined, damaged: 0 }
  assert.deepEqual(between, [[10, 13], { held: 2, from: 10, next: 14, ...unknown }])
  assert.deepEqual(
    [firsts(database), database.contents()],
    [[13], { held: 1, from: 13, next: 14, ...unknown }]
  )
  database.close()
})

test('rows say when they came, and the contents when the oldest did', () => {
  const database = open(newFile())
  fill(database, { ...row(0, 1), arrivedMs: 1000 }, { ...row(1, 1), arrivedMs: 2000 })
  const dates = database.read(0, Infinity).map(({ arrivedMs }) => arrivedMs)
  database.transaction(() => database.take([{ first: 0, events: 1 }], []))

  assert.deepEqual([dates, database.contents().arrivedMs], [[1000, 2000], 2000])
  database.close()
})

test('a database of an earlier version keeps its rows, and new ones say when they came', () => {
  const file = newFile()
  const before = open(file)
  fill(before, row(0, 1))
  before.close()
  const earlier = new DatabaseSync(file)
  earlier.exec('ALTER TABLE batch DROP COLUMN arrived')
  earlier.close()

  const database = open(file)
  fill(database, { ...row(1, 1), arrivedMs: 2000 })

  assert.deepEqual(
    database.read(0, Infinity).map(({ first, arrivedMs }) => [first, arrivedMs]),
    [
      [0, undefined],
      [1, 2000]
    ]
  )
  database.close()
})

test('a transaction that fails leaves nothing behind', () => {
  const database = open(newFile())
  fill(database, row(0, 1))

  assert.throws(() => fill(database, row(1, 1), row(0, 1)), /UNIQUE/)

  assert.deepEqual(firsts(database), [0])
  database.close()
})

test('a row that changed on the disk is known, set aside, and its numbers are not used again', () => {
  const file = newFile()
  const before = open(file)
  fill(before, row(0, 1, 'before'), row(1, 4, 'mark of this row'), row(5, 1, 'behind'))
  before.close()
  const at = readFileSync(file).indexOf('mark of this row')
  const disk = openSync(file, 'r+')
  writeSync(disk, 'M', at)
  closeSync(disk)

  const database = open(file)
  const intact = database.read(0, Infinity).map(each => each.intact)
  database.transaction(() => database.setAside({ first: 1, events: 4 }))

  assert.deepEqual(
    [intact, firsts(database)],
    [
      [true, false, true],
      [0, 5]
    ]
  )
  database.close()
})

test('an empty database gives its space back to the disk', () => {
  const file = newFile()
  const database = open(file)
  const rows = Array.from({ length: 40 }, (_, i) => ({
    first: i,
    events: 1,
    blob: new Uint8Array(1024 * 1024)
  }))
  for (const each of rows) fill(database, each)
  const isTooEarly = database.shrink()
  database.transaction(() => database.take([{ first: 0, events: 40 }], []))

  let steps = 0
  while (database.shrink()) steps++
  database.close()

  assert.deepEqual([isTooEarly, steps > 0], [false, true])
  assert.ok(statSync(file).size < 20 * 1024 * 1024, `${statSync(file).size} bytes`)
})

test('others than owner and group may not read the events', { skip: process.platform === 'win32' }, () => {
  const file = newFile()
  const database = open(file)
  const modes = [file, `${file}-wal`].map(path => statSync(path).mode & 0o007)
  database.close()

  assert.deepEqual(modes, [0, 0])
})

test('the database of another program is refused, and not changed', () => {
  const file = newFile()
  const other = new DatabaseSync(file)
  other.exec('CREATE TABLE mine (n INTEGER)')
  other.close()
  const before = readFileSync(file)

  assert.throws(() => open(file), {
    code: 'ERR_START',
    message: `The database ${file} belongs to another program. Name another file in driver.url.`
  })
  assert.ok(readFileSync(file).equals(before))
})

for (const [errcode, pattern] of [
  [5, /in use by another/],
  [11, /is damaged/],
  [13, /^The disk is full/],
  [14, /cannot be opened/],
  [26, /is not a database/],
  [10, /failed: reason/]
] as const) {
  test(`SQLite's error ${errcode} becomes a sentence that names the file`, () => {
    const { code, message } = failureOf(Object.assign(new Error('reason'), { errcode }), 'x.sqlite')

    assert.equal(code, 'ERR_CHANNEL')
    assert.match(message, pattern)
    assert.match(message, /x\.sqlite/)
  })
}
