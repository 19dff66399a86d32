import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseJavaDouble } from '../core/numbers.ts'
import { goldenRows } from '../testing/golden.ts'
import { formatJavaDouble } from './format-double.ts'

interface Row {
  readonly in: string | null
  readonly double: { readonly value?: string | null }
}

/** Beyond 2^53 versions before 19 (JDK-4511638) often print a digit more than needed; Java itself stopped that. */
function hasNeedlessDigits(value: string): boolean {
  return (
    Number.isFinite(Number(value)) &&
    value.length > formatJavaDouble(Number(value)).length &&
    /E1[78]$/.test(value)
  )
}

test('every recorded double is written as Java writes it', () => {
  for (const {
    double: { value }
  } of goldenRows<Row>('context-numbers.jsonl.gz')) {
    if (value === undefined || value === null || hasNeedlessDigits(value)) continue
    assert.equal(formatJavaDouble(Number(value)), value)
  }
})

test('percentages and extremes look like Java', () => {
  const values = [
    0,
    -0,
    50,
    100 / 3,
    1e-4,
    1e-3,
    9999999,
    1e7,
    7.000000000000001,
    12345678.9,
    -2.5,
    NaN,
    -Infinity
  ]

  assert.deepEqual(values.map(formatJavaDouble), [
    '0.0',
    '-0.0',
    '50.0',
    '33.333333333333336',
    '1.0E-4',
    '0.001',
    '9999999.0',
    '1.0E7',
    '7.000000000000001',
    '1.23456789E7',
    '-2.5',
    'NaN',
    '-Infinity'
  ])
  assert.equal(formatJavaDouble(33.33333333333333), '33.33333333333333')
  assert.equal(formatJavaDouble(Number.MAX_VALUE), '1.7976931348623157E308')
  assert.equal(formatJavaDouble(5e-324), '4.9E-324')
})

test('what is written reads back as the same number', () => {
  fc.assert(
    fc.property(fc.double(), value => {
      assert.ok(Object.is(parseJavaDouble(formatJavaDouble(value)), value))
    })
  )
})
