import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { AgentError } from '../core/errors.ts'
import { goldenRows } from '../testing/golden.ts'
import { simpleDateFormat } from './simple-date-format.ts'
import { timeZone } from './time-zone.ts'

interface Row {
  readonly op: string
  readonly pattern: string
  readonly locale: string
  readonly zone: string
  readonly time: number
  readonly out?: string
  readonly error?: { readonly message: string }
}

/**
 * Left out: rows of `op` parse and millisSerializer, as no component reads dates yet; rows of other locales, as the agent
 * writes dates in American English whatever the locale of the machine.
 */
const rows = goldenRows<Row>('simpledateformat.jsonl').filter(
  row => row.op === 'format' && row.locale === 'en-US'
)

test('every recorded date in American English is written as Java writes it', () => {
  assert.ok(rows.length > 1100)
  for (const { pattern, zone, time, out, error } of rows) {
    const format = () => simpleDateFormat(pattern, { zone: timeZone(zone) })(time)
    const what = `${pattern} ${zone} ${time}`

    if (error === undefined) assert.equal(format(), out, what)
    else assert.throws(format, { code: 'ERR_CONFIG', message: error.message }, what)
  }
})

test('quotes are read from the left', () => {
  const texts = ["''''", "'''a'", "'a'''", "''a''", "'a''b'", "'''''a'"].map(pattern =>
    simpleDateFormat(pattern, { zone: timeZone('UTC') })(0)
  )

  assert.deepEqual(texts, ["''", "'a", "a'", "'AM'", "a'b", "''a"])
})

test('a long run of ISO zone letters is refused with its length', () => {
  assert.throws(() => simpleDateFormat('XXXX', { zone: timeZone('UTC') }), {
    code: 'ERR_CONFIG',
    message: 'invalid ISO 8601 format: length=4',
    facts: { pattern: 'XXXX' }
  })
})

test('dates of the Gregorian calendar agree with Date', () => {
  const format = simpleDateFormat("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'", { zone: timeZone('UTC') })

  fc.assert(
    fc.property(
      fc.date({ min: new Date('1582-10-15'), max: new Date('9999-12-31'), noInvalidDate: true }),
      date => {
        assert.equal(format(date.getTime()), date.toISOString())
      }
    )
  )
})

test('the last Julian day is followed by the first Gregorian one', () => {
  const format = simpleDateFormat('G yyyy-MM-dd E D', { zone: timeZone('UTC') })
  const firstMs = Date.UTC(1582, 9, 15)

  assert.deepEqual([firstMs - 1, firstMs].map(format), ['AD 1582-10-04 Thu 277', 'AD 1582-10-15 Fri 278'])
})

test('any pattern is compiled or refused with ERR_CONFIG', () => {
  const zone = timeZone('Europe/Paris')
  const piece = fc.oneof(
    fc.constantFrom('yyyy', "'", "''", 'MM', 'b', ' ', 'é', 'XX', 'z', '\n'),
    fc.string()
  )

  fc.assert(
    fc.property(fc.array(piece), fc.integer(), (pieces, time) => {
      try {
        assert.equal(typeof simpleDateFormat(pieces.join(''), { zone })(time), 'string')
      } catch (error) {
        assert.ok(error instanceof AgentError && error.code === 'ERR_CONFIG', String(error))
      }
    })
  )
})
