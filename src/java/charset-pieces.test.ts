import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { charset, type Charset } from './charset.ts'
import { CHARSET_ALIASES } from './charset-names.ts'

const NAMES = Object.keys(CHARSET_ALIASES)

function named(name: string): Charset {
  const found = charset(name)
  assert.ok(found !== undefined, name)
  return found
}

function inPieces(found: Charset, bytes: Buffer, cuts: readonly number[]): string {
  const decode = found.newDecoder()
  const ends = [...cuts.map(cut => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)
  let from = 0
  let text = ''
  for (const end of ends) {
    text += decode(bytes.subarray(from, end))
    from = end
  }
  return text
}

/** Bytes that begin, shift, mark and end characters somewhere come more often than others. */
const anyBytes = fc
  .array(
    fc.oneof(
      fc.integer({ min: 0, max: 255 }).map(byte => [byte]),
      fc
        .constantFrom(
          ...[
            '1b2842',
            '1b284a',
            '1b2849',
            '1b2442',
            '1b',
            '0e',
            '0f',
            '8f',
            '8e',
            '81308130',
            'feff',
            'fffe'
          ],
          ...[
            'd83d',
            'de00',
            '3dd800de',
            '0000feff',
            '0a',
            '8140',
            'a1a1',
            'c4e3',
            'b1',
            'ff',
            'e29882',
            'f09f9880'
          ]
        )
        .map(hex => [...Buffer.from(hex, 'hex')])
    ),
    { maxLength: 30 }
  )
  .map(parts => Buffer.from(parts.flat()))

test('a text in pieces is the text as a whole, wherever it is cut; at most its last character is left out', () => {
  for (const name of NAMES) {
    const found = named(name)
    fc.assert(
      fc.property(anyBytes, fc.array(fc.nat(200), { maxLength: 40 }), (bytes, cuts) => {
        const whole = found.decode(bytes)
        const text = inPieces(found, bytes, cuts)

        assert.ok(whole.startsWith(text), `${name} ${bytes.toString('hex')}: ${text} instead of ${whole}`)
        assert.match(whole.slice(text.length), /^\uFFFD{0,4}$/, `${name} ${bytes.toString('hex')}`)
      }),
      { numRuns: 150 }
    )
  }
})

test('every character comes out with its last byte, so that nothing piles up', () => {
  for (const name of NAMES) {
    const found = named(name)
    const decode = found.newDecoder()
    const text = found.decode(found.encode('a1你жだ한é\n')).replaceAll('\uFFFD', '?')
    const first = 2 * found.encode('a').length - found.encode('aa').length
    let come = ''
    for (let times = 0; times < 3; times++) {
      const bytes = found.encode(text)
      for (const byte of times === 0 ? bytes : bytes.subarray(first)) come += decode(Buffer.of(byte))
      assert.equal(come, text.repeat(times + 1), name)
    }
  }
})
