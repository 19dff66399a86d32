import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { goldenRows } from '../testing/golden.ts'
import { defaultTimeZoneId, timeZone } from './time-zone.ts'

interface Row {
  readonly in: string
  readonly id: string
  readonly rawOffset: number
  readonly offsets: number[]
}

const table = goldenRows<Row & { readonly instants?: number[] }>('timezones.jsonl')
const instants = table[0]?.instants ?? []
const rows = table.slice(1)

/** From when on our rules differ, and why. */
const DEVIATIONS: Readonly<Record<string, { readonly fromMs: number; readonly reason: string }>> = {
  'Africa/Casablanca': { fromMs: 1_790_000_000_000, reason: 'newer data: Morocco leaves +01:00 in 2026' },
  'Africa/El_Aaiun': { fromMs: 1_790_000_000_000, reason: 'newer data: as Morocco' },
  'Africa/Windhoek': {
    fromMs: 2 ** 41,
    reason: 'for far years the JVM has +01:00, which Namibia left in 2017'
  },
  'SystemV/PST8PDT': { fromMs: -1e12, reason: 'an id of the 1980s; we follow the rules of Los Angeles' }
}

test('every recorded id gives the zone and the offsets that Java gives', () => {
  assert.equal(rows.length, 253)
  for (const row of rows) {
    const zone = timeZone(row.in)
    const compared = instants.filter(instant => instant < (DEVIATIONS[row.in]?.fromMs ?? Infinity))
    const offsets = compared.map(instant => zone.offset(instant))

    assert.equal(zone.id, row.id, row.in)
    assert.deepEqual(offsets, row.offsets.slice(0, compared.length), row.in)
  }
})

test('an id that means nothing is GMT and says so', () => {
  for (const id of [
    'Mars/Phobos',
    'utc',
    'GMT+24',
    'GMT+1:60',
    '+05:30',
    '',
    'constructor',
    'GMT+0x1',
    'UTC '
  ]) {
    const zone = timeZone(id)

    assert.deepEqual([zone.id, zone.known, zone.offset(0)], ['GMT', false, 0], id)
  }
  assert.equal(timeZone('GMT').known, true)
})

test('offsets are those of the IANA rules at any instant, in any order', () => {
  const ids = [
    'America/New_York',
    'Australia/Lord_Howe',
    'Europe/Dublin',
    'Africa/Casablanca',
    'Asia/Kathmandu',
    'PST'
  ]
  const zones = ids.map(timeZone)
  const instant = fc.oneof(
    fc.integer({ min: -2.2e12, max: 4e12 }),
    fc.integer({ min: -2.2e12, max: 8.64e15 - 1 })
  )

  fc.assert(
    fc.property(fc.constantFrom(...zones), instant, (zone, epochMs) => {
      const expected =
        new Temporal.ZonedDateTime(BigInt(epochMs) * 1_000_000n, zone.rules ?? '').offsetNanoseconds / 1e6
      assert.equal(zone.offset(epochMs), expected, `${zone.id} ${epochMs}`)
    })
  )
})

test('before 1900 there is only the standard time of today', () => {
  const zone = timeZone('America/New_York')

  assert.deepEqual(
    [Date.UTC(1899, 11, 31), Date.UTC(1880, 6), -8e15].map(at => zone.offset(at)),
    Array(3).fill(-18e6)
  )
})

test('the offset changes with the very millisecond of a transition', () => {
  const zone = timeZone('Europe/Berlin')
  const springMs = Date.UTC(2025, 2, 30, 1)

  assert.deepEqual(
    [springMs - 1, springMs, springMs - 1].map(at => zone.offset(at)),
    [3_600_000, 7_200_000, 3_600_000]
  )
})

test('thousands of seasons and instants beyond all calendars are answered', () => {
  const zone = timeZone('America/New_York')
  for (let year = 2000; year < 3000; year++) {
    assert.deepEqual(
      [0, 6].map(month => zone.offset(Date.UTC(year, month))),
      [-18_000_000, -14_400_000]
    )
  }

  assert.equal(typeof zone.offset(9.3e18), 'number')
  assert.equal(typeof zone.offset(-9.3e18), 'number')
})

test('the default zone is the property, then TZ, then the system', () => {
  const properties = { 'user.timezone': 'Asia/Tokyo' }

  assert.equal(defaultTimeZoneId({ variables: { TZ: 'Asia/Seoul' }, properties }), 'Asia/Tokyo')
  assert.equal(defaultTimeZoneId({ variables: { TZ: ':Asia/Seoul' }, properties: {} }), 'Asia/Seoul')
  const system = Intl.DateTimeFormat().resolvedOptions().timeZone
  assert.equal(defaultTimeZoneId({ variables: { TZ: '' }, properties: {} }), system)
})
