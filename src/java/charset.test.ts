import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { AgentError } from '../core/errors.ts'
import { goldenRows } from '../testing/golden.ts'
import { charset, type Charset } from './charset.ts'
import { CHARSET_ALIASES } from './charset-names.ts'
import { isUnsupportedCharset, UNSUPPORTED_CHARSETS } from './charset-unsupported.ts'

interface NameRow {
  readonly in: string
  readonly name?: string
}

interface CodingRow {
  readonly charset: string
  readonly op: 'decode' | 'encode'
  readonly in: string
  readonly replace: string
  readonly reportError?: { readonly class: string; readonly message: string }
  readonly ignore: string | true
}

const coding = goldenRows<CodingRow>('charset-coding.jsonl').filter(
  row => !Object.hasOwn(UNSUPPORTED_CHARSETS, row.charset)
)

function named(name: string): Charset {
  const found = charset(name)
  assert.ok(found !== undefined, name)
  return found
}

test('every recorded name and alias finds the charset that Java finds', () => {
  for (const row of goldenRows<NameRow>('charsets.jsonl')) {
    const expected = Object.hasOwn(UNSUPPORTED_CHARSETS, row.name ?? '') ? undefined : row.name

    assert.equal(charset(row.in)?.name, expected, row.in)
  }
})

test('what Java has and this project has not is told from what nobody has', () => {
  const names = Object.keys(UNSUPPORTED_CHARSETS)

  assert.ok(names.length > 100)
  assert.ok(names.every(name => charset(name) === undefined && isUnsupportedCharset(name.toUpperCase())))
  assert.deepEqual(['IBM-Thai', 'cp273', 'utf-8', 'nope', 'constructor'].map(isUnsupportedCharset), [
    true,
    true,
    false,
    false,
    false
  ])
})

test('every alias is known in any case', () => {
  for (const [name, aliases] of Object.entries(CHARSET_ALIASES)) {
    for (const alias of aliases.split(' ')) assert.equal(charset(alias.toUpperCase())?.name, name)
  }
  assert.equal(charset('constructor'), undefined)
})

test('every recorded byte sequence is decoded as Java decodes it, bad bytes replaced or left out', () => {
  const rows = coding.filter(row => row.op === 'decode')
  assert.ok(rows.length > 780)

  for (const row of rows) {
    const bytes = Buffer.from(row.in, 'base64')
    const what = `${row.charset} ${bytes.toString('hex')}`

    assert.equal(named(row.charset).decode(bytes), row.replace, what)
    assert.equal(
      named(row.charset).decodeIgnoring(bytes),
      row.ignore === true ? row.replace : row.ignore,
      what
    )
  }
})

test('the first bad bytes are reported as Java reports them', () => {
  for (const row of coding.filter(each => each.op === 'decode')) {
    const decode = () => named(row.charset).decodeStrict(Buffer.from(row.in, 'base64'))

    if (row.reportError === undefined) assert.equal(decode(), row.replace)
    else {
      const reason = row.reportError.class.includes('Malformed') ? 'malformed' : 'unmappable'
      const length = Number(/\d+$/.exec(row.reportError.message)?.[0])
      assert.throws(decode, error => {
        assert.ok(error instanceof AgentError && error.code === 'ERR_FORMAT')
        assert.deepEqual(
          [error.facts['reason'], error.facts['length']],
          [reason, length],
          `${row.charset} ${row.in}`
        )
        return true
      })
    }
  }
})

test('every recorded text is encoded as Java encodes it', () => {
  const rows = coding.filter(row => row.op === 'encode')
  assert.ok(rows.length > 550)

  for (const row of rows) {
    // Java's ISO-2022-JP encoder forgets the escape sequence when its replacement stands for a lone surrogate.
    if (row.charset === 'ISO-2022-JP' && row.in === '\udc00') continue
    const bytes = named(row.charset).encode(row.in)

    assert.equal(
      bytes.toString('hex'),
      Buffer.from(row.replace, 'base64').toString('hex'),
      `${row.charset} ${row.in}`
    )
  }
})

interface Digests {
  readonly single: string
  readonly pairs: string
  readonly encode: string
}

const digests = JSON.parse(
  readFileSync(new URL('../../test/fixtures/java/charset-digests.json', import.meta.url), 'utf8')
) as { readonly charsets: Readonly<Record<string, Digests>> }

/** Digests of what a charset says about every byte, every pair of bytes and every character below U+10000. */
function digestsOf({ decode, encode }: Charset): Digests {
  const single = createHash('sha256')
  const pairs = createHash('sha256')
  const encoded = createHash('sha256')
  for (let byte = 0; byte < 256; byte++) single.update(decode(Buffer.of(byte)) + '\n', 'utf16le')
  for (let lead = 0x81; lead < 0xff; lead++) {
    let texts = ''
    for (let trail = 1; trail < 256; trail++) texts += decode(Buffer.of(lead, trail)) + '\n'
    pairs.update(texts, 'utf16le')
  }
  for (let row = 0; row < 0x10000; row += 256) {
    let texts = ''
    for (let code = row; code < row + 256; code++) {
      if (code < 0xd800 || code > 0xdfff) texts += encode(String.fromCharCode(code)).toString('hex') + '\n'
    }
    encoded.update(texts)
  }
  return { single: single.digest('hex'), pairs: pairs.digest('hex'), encode: encoded.digest('hex') }
}

for (const [name, expected] of Object.entries(digests.charsets)) {
  test(`the whole table of ${name} equals the JVM's, in both directions`, () => {
    assert.deepEqual(digestsOf(named(name)), expected)
  })
}

test('what a charset decodes strictly, it writes back to the same text', () => {
  const all = Object.keys(CHARSET_ALIASES).map(named)

  fc.assert(
    fc.property(fc.constantFrom(...all), fc.uint8Array({ maxLength: 8 }), (each, bytes) => {
      const text = each.decodeIgnoring(Buffer.from(bytes))

      fc.pre(text.isWellFormed() && !text.startsWith('\uFEFF'))

      assert.equal(each.decode(each.encode(text)), text, each.name)
    }),
    { numRuns: 2000 }
  )
})

test('any text can be encoded, and plain ASCII comes back from every charset', () => {
  const all = Object.keys(CHARSET_ALIASES).map(named)
  const printable = fc.string({
    unit: fc.integer({ min: 0x20, max: 0x7e }).map(code => String.fromCharCode(code))
  })

  fc.assert(
    fc.property(fc.constantFrom(...all), fc.string({ unit: 'binary' }), printable, (each, text, plain) => {
      assert.ok(each.encode(text).length >= 0)
      assert.equal(each.decodeStrict(each.encode(plain)), plain, each.name)
    }),
    { numRuns: 2000 }
  )
})

test('a broken end is found where it begins', () => {
  assert.throws(() => named('utf8').decodeStrict(Buffer.from([0x61, 0xe2, 0x82])), {
    code: 'ERR_FORMAT',
    facts: { reason: 'malformed', at: 1, length: 2 }
  })
})

test('a megabyte of bad bytes is decoded in linear time', () => {
  const bytes = Buffer.alloc(1_000_000, 0xed)

  for (const name of ['UTF-8', 'UTF-16', 'EUC-JP', 'GB18030', 'ISO-2022-JP', 'windows-31j', 'US-ASCII']) {
    assert.ok(named(name).decode(bytes).length > 0)
  }
})
