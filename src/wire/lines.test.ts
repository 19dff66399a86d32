import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { LineCollector, newRest, type LineRest } from './lines.ts'

/** Everything that can be taken, as [sender, line] in order. */
function linesOf(collector: LineCollector<string>): [string, string][] {
  const lines: [string, string][] = []
  for (let next = collector.take(); next !== undefined; next = collector.take()) {
    let at = 0
    for (const { sender, lines: count } of next.segments) {
      for (let i = 0; i < count; i++) lines.push([sender, next.batch.text(at++)])
    }
    assert.equal(at, next.batch.length)
  }
  return lines
}

function collect(chunks: readonly (string | Buffer)[], maxCharacters = 512) {
  const collector = new LineCollector<string>(maxCharacters)
  const rest = newRest()
  const fits = chunks.map(chunk => collector.add('a', rest, Buffer.from(chunk)))
  return { lines: linesOf(collector).map(([, line]) => line), fits: fits.every(Boolean), rest }
}

test('lines are cut at LF only; what has no end yet is kept', () => {
  const { lines, rest } = collect(['one\ntw', 'o\r\n\nthr', 'ee'])

  assert.deepEqual(lines, ['one', 'two\r', ''])
  assert.equal(rest.held.toString('utf8', 0, rest.bytes), 'three')
})

test('the longest line has one character less than the limit, counted in UTF-16 units', () => {
  assert.deepEqual(collect(['abcd\n'], 5), { ...collect(['abcd\n'], 5), lines: ['abcd'], fits: true })
  assert.equal(collect(['abcde\n'], 5).fits, false)
  assert.equal(collect(['éééé\n'], 5).fits, true)
  assert.equal(collect(['😀😀\n'], 5).fits, true)
  assert.equal(collect(['😀😀a\n'], 5).fits, false)
})

test('lines before one that is too long are kept, those after it are not', () => {
  const { lines, fits } = collect(['a\nb\nmuch too long\nc\n'], 5)

  assert.deepEqual([lines, fits], [['a', 'b'], false])
})

test('a line without end is refused as soon as it reaches the limit, over any number of chunks', () => {
  assert.equal(collect(['ab', 'cd'], 5).fits, true)
  assert.equal(collect(['ab', 'cd', 'e'], 5).fits, false)
  assert.equal(collect(['éé', 'éé'], 5).fits, true)
})

test('bytes that are not UTF-8 become U+FFFD, in their line only', () => {
  const { lines } = collect([Buffer.from('6f6b0a61ff620ac30a6f6b0a', 'hex')])

  assert.deepEqual(lines, ['ok', 'a\ufffdb', '\ufffd', 'ok'])
})

test('what follows mended lines in the same chunk is kept as it came', () => {
  const { lines, rest } = collect([Buffer.from('ff0a61ff62ff63ff64ff650abad1aec3', 'hex'), 'b\n'])

  assert.deepEqual(lines, ['\ufffd', 'a\ufffdb\ufffdc\ufffdd\ufffde', '\ufffdѮ\ufffdb'])
  assert.equal(rest.bytes, 0)
})

test('bytes that continue no character have a limit, too', () => {
  const { fits } = collect([Buffer.alloc(14, 0x80)], 5)
  const endless = collect([Buffer.alloc(15, 0x80)], 5)

  assert.deepEqual([fits, endless.fits], [true, false])
})

test('a line that comes in single bytes is put together in memory of its size', () => {
  const letters = [...'0123456789'.repeat(50)]
  const { rest } = collect(letters, 1000)

  assert.equal(rest.held.toString('utf8', 0, rest.bytes), letters.join(''))
  assert.ok(rest.held.length <= 1024)
})

test('lines longer than a slab pass whole', () => {
  const long = 'x'.repeat(700_000)

  assert.deepEqual(collect(['a\n', long, `${long}\nb\n`], 2_000_000).lines, ['a', long + long, 'b'])
})

test('many senders share a batch, and each line is credited to its own', () => {
  const collector = new LineCollector<string>(512)
  const rests: Record<string, LineRest> = { a: newRest(), b: newRest() }
  for (const [sender, text] of [
    ['a', '1\n2'],
    ['b', '3\n'],
    ['a', '\n4\n5\n']
  ] as const) {
    collector.add(sender, rests[sender] ?? newRest(), Buffer.from(text))
  }

  assert.equal(collector.count, 5)
  assert.deepEqual(linesOf(collector), [
    ['a', '1'],
    ['b', '3'],
    ['a', '2'],
    ['a', '4'],
    ['a', '5']
  ])
})

test('any bytes in any chunks give the same lines as decoding all at once', () => {
  const piece = fc.oneof(
    fc.string(),
    fc.constantFrom('\n', '\n\n', 'é\n', '\u{1f600}'),
    fc.string({ minLength: 300, maxLength: 900 })
  )
  fc.assert(
    fc.property(fc.array(piece), fc.array(fc.nat()), (pieces, cuts) => {
      const whole = Buffer.from(pieces.join(''))
      const at = [0, ...cuts.map(cut => cut % (whole.length + 1)), whole.length].sort((x, y) => x - y)
      const chunks = at.slice(1).map((end, i) => whole.subarray(at[i], end))

      const { lines } = collect(chunks, 1_000_000)

      assert.deepEqual(lines, whole.toString().split('\n').slice(0, -1))
    })
  )
})

test('lines and the bytes of their bodies are counted, those of other senders and empty ones too', () => {
  const collector = new LineCollector<string>(512)
  collector.add('a', newRest(), Buffer.from('ab\n\ncd\nrest'))
  linesOf(collector)
  collector.add('b', newRest(), Buffer.from('é\n\n'))

  assert.deepEqual([collector.count, collector.bodyBytes], [5, 6])
})
