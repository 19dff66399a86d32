import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { AgentError } from '../core/errors.ts'
import { goldenRows } from '../testing/golden.ts'
import { decodeProperties, logicalLines, parseLogicalLine, parseProperties } from './properties.ts'

interface Row {
  readonly in: string
  readonly puts: [string, string][]
  readonly error?: unknown
}

test('every recorded text gives the pairs that java.util.Properties puts', () => {
  const rows = goldenRows<Row>('properties.jsonl.gz')
  assert.equal(rows.length, 2252)

  for (const row of rows) {
    const text = Buffer.from(row.in, 'base64').toString('latin1')
    const puts: [string, string][] = []
    let error: unknown
    try {
      for (const line of logicalLines(text)) {
        const { key, value } = parseLogicalLine(line)
        puts.push([key, value])
      }
    } catch (thrown) {
      error = thrown
    }
    assert.deepEqual(puts, row.puts, JSON.stringify(text))
    assert.equal(error instanceof AgentError && error.code === 'ERR_FORMAT', row.error !== undefined)
  }
})

test('an entry knows the lines of its key and its value', () => {
  const text = '# note\r\n\r\n  a = b\n\\\nlong.\\\n   key \\\n\\\n = va\\\nlue\n! x\ra:\\\n c'

  assert.deepEqual(parseProperties(text), [
    { key: 'a', value: 'b', line: 3, column: 3, valueLine: 3 },
    { key: 'long.key', value: 'value', line: 5, column: 1, valueLine: 8 },
    { key: 'a', value: 'c', line: 11, column: 1, valueLine: 12 }
  ])
})

test('a malformed unicode escape names its own line', () => {
  assert.throws(() => parseProperties('a = b\nc = d\\\n  \\u00g0'), {
    code: 'ERR_FORMAT',
    message: 'Malformed \\uxxxx encoding.',
    facts: { line: 3, escape: '\\u00g0' }
  })
})

test('bytes are UTF-8 where they can be, else ISO-8859-1', () => {
  assert.deepEqual(decodeProperties(Buffer.from('\uFEFFa = é')), { text: 'a = é', encoding: 'utf-8' })
  assert.deepEqual(decodeProperties(Buffer.from('a = é', 'latin1')), {
    text: 'a = é',
    encoding: 'iso-8859-1'
  })
})

test('any keys and values survive being escaped', () => {
  const escape = (text: string) =>
    text.replace(/[^a-z]/g, char => '\\u' + char.charCodeAt(0).toString(16).padStart(4, '0'))
  const pair = fc.tuple(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }))

  fc.assert(
    fc.property(fc.array(pair), pairs => {
      const text = pairs.map(([key, value]) => `${escape(key)}=${escape(value)}\n`).join('')

      const read = parseProperties(text).map(({ key, value }) => [key, value])

      assert.deepEqual(read, pairs)
    })
  )
})

test('any text is read or refused with ERR_FORMAT, and lines ascend', () => {
  const piece = fc.constantFrom('\\', '\n', '\r', ' ', '=', ':', '#', 'a', 'u', '0', '\\u0041', '\t')

  fc.assert(
    fc.property(fc.array(piece), pieces => {
      const text = pieces.join('')
      const lineCount = text.split(/\r\n|\r|\n/).length
      let before = 0
      try {
        for (const { line, valueLine } of parseProperties(text)) {
          assert.ok(line > before && valueLine >= line && valueLine <= lineCount)
          before = line
        }
      } catch (error) {
        assert.ok(error instanceof AgentError && error.code === 'ERR_FORMAT', String(error))
      }
    })
  )
})

test('hostile texts of megabytes are read in linear time', () => {
  const size = 1_000_000
  const texts = ['\\', '\\\n', ' ', 'a\\\n', '\\\\', '=', '#', '\\u0041', 'a=\\\n'].map(unit =>
    unit.repeat(size / unit.length)
  )

  const entries = texts.map(text => parseProperties(text).length)

  assert.deepEqual(entries, [1, 1, 0, 1, 1, 1, 0, 1, 1])
})
