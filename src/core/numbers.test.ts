import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { goldenRows } from '../testing/golden.ts'
import { parseJavaBoolean, parseJavaDouble, parseJavaInt, parseJavaLong, trimJava } from './numbers.ts'

interface Answer {
  readonly value?: string | number | boolean | null
  readonly error?: unknown
}
type Kind = 'string' | 'integer' | 'long' | 'boolean' | 'float' | 'double'
type Row = Record<Kind, Answer> & { readonly in: string | null }

const rows = goldenRows<Row>('context-numbers.jsonl.gz').filter(row => row.in !== null)

/** What the JVM said, as text; undefined where it refused. */
function answerOf(answer: Answer): string | undefined {
  return answer.error === undefined ? String(answer.value) : undefined
}

const asText = (value: string | number | bigint | boolean | undefined) =>
  value === undefined ? undefined : String(value)

for (const [kind, parse] of [
  ['string', (text: string) => text],
  ['integer', parseJavaInt],
  ['long', parseJavaLong],
  ['boolean', parseJavaBoolean]
] as const) {
  test(`every recorded text reads as Java's ${kind}`, () => {
    for (const row of rows) {
      assert.equal(asText(parse(row.in ?? '')), answerOf(row[kind]), JSON.stringify(row.in))
    }
  })
}

/** Rounds to the largest float in one step and to infinity in two; no setting is a float. */
const MIDPOINT = '3.4028235677973366e38'

test("every recorded text reads as Java's double and float", () => {
  for (const row of rows) {
    const value = parseJavaDouble(row.in ?? '')
    const double = answerOf(row.double)
    const float = answerOf(row.float)

    assert.deepEqual(value, double === undefined ? undefined : Number(double), JSON.stringify(row.in))
    if (row.in === MIDPOINT) continue
    const rounded = value === undefined ? undefined : Math.fround(value)
    assert.deepEqual(
      rounded,
      float === undefined ? undefined : Math.fround(Number(float)),
      JSON.stringify(row.in)
    )
  }
})

test('whole numbers of any size and any script of digits read as themselves', () => {
  const zeros = fc.constantFrom('0', '\u0660', '\u0966', '\uff10')

  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }), zeros, (number, zero) => {
      const digit = (value: string) => String.fromCharCode(zero.charCodeAt(0) + Number(value))
      const text = String(number).replace(/\d/g, digit)

      const fits = (bits: bigint) => number >= -(2n ** bits) && number < 2n ** bits
      assert.equal(parseJavaInt(text), fits(31n) ? Number(number) : undefined)
      assert.equal(parseJavaLong(text), fits(63n) ? number : undefined)
    })
  )
})

test('hexadecimal doubles are rounded once, down to the smallest and up to the largest', () => {
  const texts = [
    '0x1p-1074',
    '0x1p-1075',
    '0x1.8p-1075',
    '0x1.8p-1074',
    '0x1p1024',
    '0x0p99999',
    '-0x1p99999',
    '0x1.fffffffffffff7p1023',
    '0x1.fffffffffffff8p1023',
    '0x1.00000000000008p0',
    '0x1.000000000000081p0'
  ]

  assert.deepEqual(texts.map(parseJavaDouble), [
    5e-324,
    0,
    5e-324,
    1e-323,
    Infinity,
    0,
    -Infinity,
    Number.MAX_VALUE,
    Infinity,
    1,
    1 + Number.EPSILON
  ])
})

test('a million digits are read or refused at once', () => {
  assert.equal(parseJavaLong('9'.repeat(1_000_000)), undefined)
  assert.equal(parseJavaDouble('9'.repeat(1_000_000) + 'x'), undefined)
  assert.equal(parseJavaInt('0'.repeat(1_000_000) + '7'), 7)
})

test('only characters up to the space are trimmed', () => {
  assert.equal(trimJava('\0\t \u00a0a\u2003 \n'), '\u00a0a\u2003')
})
