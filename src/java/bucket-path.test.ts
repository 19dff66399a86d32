import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BatchBuilder } from '../core/batch-builder.ts'
import type { EventBatch } from '../core/batch.ts'
import { AgentError } from '../core/errors.ts'
import { goldenRows } from '../testing/golden.ts'
import { needsHostNames } from './bucket-path-template.ts'
import { bucketsOf, compileBucketPath, type BucketPathOptions } from './bucket-path.ts'
import type { Rounding } from './round-time.ts'

interface Row {
  readonly in: string
  readonly headers: Readonly<Record<string, string | null>>
  readonly timeZone?: string
  readonly roundUnit?: string
  readonly roundValue?: number
  readonly localClock?: number
  readonly out?: string
  readonly error?: { readonly message: string }
}

const HOST = { localhost: 'web-1', ip: '127.0.0.1', fqdn: 'web-1.example.org' }
const UTC: BucketPathOptions = { timeZone: 'UTC', useLocalTime: false, host: HOST }

function batchOf(...headers: Record<string, string>[]): EventBatch {
  const builder = new BatchBuilder()
  for (const each of headers) builder.add('body', each)
  return builder.build()
}

/** Only these three units are offered; Flume ignores the numbers of other calendar fields. */
function roundingOf({ roundUnit, roundValue = 1 }: Row): Rounding | undefined {
  if (roundUnit !== 'second' && roundUnit !== 'minute' && roundUnit !== 'hour') return undefined
  return { unit: roundUnit, value: roundValue }
}

function optionsOf(row: Row): BucketPathOptions {
  const useLocalTime = row.localClock !== undefined
  return { ...UTC, timeZone: row.timeZone ?? 'UTC', round: roundingOf(row), useLocalTime }
}

/** Why our answer is meant to differ. */
function deviation(row: Row): string | undefined {
  const timestamp = Number(row.headers['timestamp'])
  if (row.timeZone === 'Africa/Casablanca' && timestamp > 1.79e12)
    return 'newer data: Morocco leaves +01:00 in 2026'
  if (row.headers['timestamp'] === String(-(2n ** 63n)) && row.in.includes('%s'))
    return 'beyond the years of Date'
  if (row.error === undefined || row.in.includes('%[')) return undefined
  return compileBucketPath(row.in, UTC).needsTimestamp
    ? undefined
    : '%% and unknown letters need no timestamp'
}

test('every recorded template is filled in as Flume does', () => {
  const rows = goldenRows<Row>('bucketpath.jsonl.gz').filter(row => deviation(row) === undefined)
  assert.ok(rows.length > 3140)

  for (const row of rows) {
    const pairs = Object.entries(row.headers).filter((pair): pair is [string, string] => pair[1] !== null)
    const batch = batchOf(Object.fromEntries(pairs))
    const expand = () => compileBucketPath(row.in, optionsOf(row)).expand(batch, 0, row.localClock ?? 0)

    if (row.error === undefined) assert.equal(expand(), row.out, JSON.stringify(row))
    else assert.throws(expand, { name: 'AgentError', message: row.error.message }, JSON.stringify(row))
  }
})

test('percent signs and unknown letters need no timestamp', () => {
  const compiled = compileBucketPath('50%%/%q%{host', UTC)

  assert.deepEqual(
    [compiled.constant, compiled.needsTimestamp, compiled.needsHeaders],
    ['50%/%{host', false, false]
  )
})

test('a constant template is one string for any batch', () => {
  const compiled = compileBucketPath('/user/%[LocalHost]/%[ip]/%[FQDN]', UTC)

  assert.equal(compiled.constant, '/user/web-1/127.0.0.1/web-1.example.org')
  assert.deepEqual(bucketsOf(compiled, batchOf({}, {}), 0), [{ path: compiled.constant, indexes: undefined }])
  assert.equal(compileBucketPath('', UTC).constant, '')
})

test('names of the host are asked for only where the template has them', () => {
  assert.deepEqual(['%[IP]', '%{IP}', '%[', '%Y'].map(needsHostNames), [true, false, false, false])
  assert.throws(() => compileBucketPath('%[IP]', { useLocalTime: true }), { code: 'ERR_START' })
  assert.throws(() => compileBucketPath('%[host]', UTC), { code: 'ERR_CONFIG' })
})

test('a rounding value beyond its unit is refused before any event', () => {
  const compile = (round: Rounding) => () => compileBucketPath('%M', { ...UTC, round })

  assert.throws(compile({ unit: 'second', value: 61 }), { code: 'ERR_CONFIG' })
  assert.throws(compile({ unit: 'hour', value: 25 }), { code: 'ERR_CONFIG' })
})

test('a missing or broken timestamp names the event', () => {
  const compiled = compileBucketPath('%Y', UTC)
  const batch = batchOf({ timestamp: '0' }, { timestamp: 'soon' }, {})

  assert.throws(() => bucketsOf(compiled, batch, 0), {
    code: 'ERR_BAD_EVENT',
    facts: { index: 1, timestamp: 'soon' }
  })
  assert.throws(() => compiled.expand(batch, 2, 0), { code: 'ERR_BAD_EVENT', facts: { index: 2 } })
})

test('events are grouped in order of first appearance', () => {
  const compiled = compileBucketPath('%{host}', UTC)

  assert.deepEqual(bucketsOf(compiled, batchOf({ host: 'b' }, { host: 'a' }, { host: 'b' }, {}), 0), [
    { path: 'b', indexes: Uint32Array.of(0, 2) },
    { path: 'a', indexes: Uint32Array.of(1) },
    { path: '', indexes: Uint32Array.of(3) }
  ])
  assert.deepEqual(bucketsOf(compiled, batchOf({ host: 'a' }, { host: 'a' }), 0), [
    { path: 'a', indexes: undefined }
  ])
  assert.deepEqual(bucketsOf(compiled, batchOf(), 0), [])
})

test('local time is that of the caller, once for the whole batch', () => {
  const options = { timeZone: 'Asia/Kolkata', useLocalTime: true }
  const compiled = compileBucketPath('%H%M%S %t', options)
  const batch = batchOf({ timestamp: 'unused' }, {})

  assert.equal(compiled.needsTimestamp, false)
  assert.deepEqual(bucketsOf(compiled, batch, 999), [{ path: '053000 999', indexes: undefined }])
  assert.deepEqual(bucketsOf(compiled, batch, 1000), [{ path: '053001 1000', indexes: undefined }])
})

test('header values cannot run into one another', () => {
  const compiled = compileBucketPath('%{a}-%{b}', UTC)

  assert.equal(
    bucketsOf(compiled, batchOf({ a: 'x', b: '-y' }, { a: 'x-', b: 'y' }), 0)[0]?.indexes,
    undefined
  )
  assert.deepEqual(
    [
      compiled.expand(batchOf({ a: '1:', b: '2' }), 0, 0),
      compiled.expand(batchOf({ a: '1', b: ':2' }), 0, 0)
    ],
    ['1:-2', '1-:2']
  )
})

test('what is remembered never changes an answer', () => {
  const templates = [
    '%Y/%m/%d',
    '%H',
    '%M',
    '%S',
    '%s',
    '%z',
    '%t',
    '/%{h}/%H%M',
    '%{h}%{g}',
    '%c %{h}',
    '%%%{h}%t'
  ]
  const zones = ['America/New_York', 'Asia/Kathmandu', 'Europe/London', 'Australia/Lord_Howe']
  const round = fc.option(
    fc.record({
      unit: fc.constantFrom('second' as const, 'minute' as const, 'hour' as const),
      value: fc.integer({ min: 1, max: 24 })
    }),
    { nil: undefined }
  )
  const event = fc.record({
    timestamp: fc
      .oneof(fc.integer({ min: 1, max: 2 ** 41 }), fc.integer({ min: 1.7305e12, max: 1.7306e12 }))
      .map(String),
    h: fc.constantFrom('a', 'b', '1:a'),
    g: fc.string()
  })

  fc.assert(
    fc.property(
      fc.constantFrom(...templates),
      fc.constantFrom(...zones),
      round,
      fc.array(event),
      (template, timeZone, rounding, events) => {
        const options = { timeZone, round: rounding, useLocalTime: false }
        const kept = compileBucketPath(template, options)
        const batch = batchOf(...events)

        const paths = events.map((_, index) => kept.expand(batch, index, 0))

        assert.deepEqual(
          paths,
          events.map((_, index) => compileBucketPath(template, options).expand(batch, index, 0))
        )
        for (const { path, indexes } of bucketsOf(kept, batch, 0)) {
          for (const index of indexes ?? events.keys()) assert.equal(paths[index], path)
        }
      }
    )
  )
})

test('ten thousand different paths are forgotten again and still right', () => {
  const compiled = compileBucketPath('/%{id}/%j', UTC)
  const batch = batchOf(
    ...Array.from({ length: 10_000 }, (_, id) => ({ id: String(id), timestamp: String(id * 1e7) }))
  )

  const buckets = bucketsOf(compiled, batch, 0)

  assert.equal(buckets.length, 10_000)
  assert.deepEqual(buckets[9999], { path: '/9999/062', indexes: Uint32Array.of(9999) })
})

test('any template is compiled or refused with ERR_CONFIG', () => {
  const piece = fc.oneof(
    fc.constantFrom('%', '{', '}', '[', ']', 'a', 'IP', '/'),
    fc.string({ unit: 'binary' })
  )

  fc.assert(
    fc.property(fc.array(piece), pieces => {
      try {
        const compiled = compileBucketPath(pieces.join(''), UTC)
        assert.equal(typeof compiled.expand(batchOf({ timestamp: '1' }), 0, 0), 'string')
      } catch (error) {
        assert.ok(error instanceof AgentError && error.code === 'ERR_CONFIG', String(error))
      }
    })
  )
})

test('seconds of a timestamp are exact up to the largest long', () => {
  const seconds = (timestamp: string): string =>
    compileBucketPath('%s', UTC).expand(batchOf({ timestamp }), 0, 0)

  assert.deepEqual(
    ['9223372036854775807', '-9223372036854775808', '9007199254740993001', '1500', '-1500'].map(seconds),
    ['9223372036854775', '-9223372036854775', '9007199254740993', '1', '-1']
  )
})

for (const { template, headers, path } of [
  { template: 'a/%{h}/b', headers: { h: '..' }, path: 'a/__/b' },
  { template: 'a/%{h}', headers: { h: '../../etc/x.d' }, path: 'a/__/__/etc/x_d' },
  { template: 'a/%{h}%{i}/b', headers: { h: '.', i: '.' }, path: 'a/__/b' },
  { template: 'a/.%{h}/b', headers: { h: '.' }, path: 'a/._/b' },
  { template: 'a/../%{h}', headers: { h: 'web.example.org' }, path: 'a/../web.example.org' },
  { template: 'a/%{h}', headers: { h: 'x..y/...' }, path: 'a/x..y/...' },
  { template: 'a/%{h}', headers: { h: 'b\\..\\c' }, path: 'a/b\\__\\c' },
  { template: 'a/%{h}\0%{i}', headers: { h: 'b\0c', i: '..' }, path: 'a/bc\0__' }
]) {
  test(`${JSON.stringify(headers)} in ${JSON.stringify(template)} stays in the folder`, () => {
    const compiled = compileBucketPath(template, { ...UTC, staysInFolder: true })

    assert.equal(compiled.expand(batchOf(headers), 0, 0), path)
  })
}
