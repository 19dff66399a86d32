import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { BatchBuilder } from './batch-builder.ts'
import { EventBatch, joinBatches } from './batch.ts'

interface Plain {
  readonly body: string
  readonly headers: Record<string, string>
}

const headerName = fc.constantFrom('a', 'b', 'host', 'timestamp')
const event: fc.Arbitrary<Plain> = fc.record(
  {
    body: fc.string({ unit: 'grapheme' }),
    headers: fc.dictionary(headerName, fc.string(), { maxKeys: 3, noNullPrototype: true })
  },
  { noNullPrototype: true }
)
const events = fc.array(event, { maxLength: 30 })

function build(plain: readonly Plain[]): EventBatch {
  const builder = new BatchBuilder(8)
  for (const { body, headers } of plain) builder.add(body, headers)
  return builder.build()
}

function plainOf(batch: EventBatch): Plain[] {
  return [...batch].map(view => ({ body: view.text, headers: Object.fromEntries(view.headers) }))
}

describe('a batch', () => {
  test('gives back what was put in', () => {
    fc.assert(fc.property(events, plain => assert.deepEqual(plainOf(build(plain)), plain)))
  })

  test('cut, joined and selected behaves as an array does', () => {
    fc.assert(
      fc.property(events, fc.nat(30), fc.nat(30), (plain, from, to) => {
        const batch = build(plain)

        assert.deepEqual(
          plainOf(batch.slice(from, Math.max(from, to))),
          plain.slice(from, Math.max(from, to))
        )
        assert.deepEqual(plainOf(joinBatches([batch.slice(0, from), batch.slice(from)])), plain)
        assert.deepEqual(
          plainOf(batch.filter(i => i % 3 !== 1)),
          plain.filter((_, i) => i % 3 !== 1)
        )
        assert.deepEqual(
          plainOf(
            batch
              .slice(1)
              .slice(1)
              .filter(i => i > 0)
          ),
          plain.slice(3)
        )
        assert.deepEqual(plainOf(batch.compact()), plain)
      })
    )
  })

  test('with a header added has it on every event, replacing what was there', () => {
    fc.assert(
      fc.property(events, headerName, fc.string(), (plain, name, value) => {
        const batch = build(plain).withHeader(name, value)

        assert.deepEqual(
          plainOf(batch),
          plain.map(({ body, headers }) => ({ body, headers: { ...headers, [name]: value } }))
        )
        assert.ok([...batch].every(view => view.header(name) === value))
      })
    )
  })

  test('is not changed by what is derived from it', () => {
    const batch = build([
      { body: 'a', headers: { n: '1' } },
      { body: 'b', headers: {} }
    ])

    batch
      .withHeader('n', '2')
      .filter(i => i === 1)
      .compact()

    assert.deepEqual(plainOf(batch), [
      { body: 'a', headers: { n: '1' } },
      { body: 'b', headers: {} }
    ])
  })

  test('knows whether its bodies are lines that follow one another', () => {
    const slab = Buffer.from('ab\nc\n\nd\n')
    const lines = new EventBatch(slab, Uint32Array.of(0, 3, 5, 6), Uint32Array.of(2, 4, 5, 7))

    assert.equal(lines.isSeparatedBy(0x0a), true)
    assert.equal(lines.slice(1, 3).isSeparatedBy(0x0a), true)
    assert.equal(lines.filter(i => i !== 1).isSeparatedBy(0x0a), false)
    assert.equal(lines.isSeparatedBy(0x20), false)
    assert.equal(lines.slice(0, 0).isSeparatedBy(0x0a), false)
    assert.equal(
      new EventBatch(Buffer.from('ab'), Uint32Array.of(0), Uint32Array.of(2)).isSeparatedBy(0x0a),
      false
    )
  })

  test('joined from lines is lines again', () => {
    const slab = Buffer.from('ab\nc\n')
    const lines = new EventBatch(slab, Uint32Array.of(0, 3), Uint32Array.of(2, 4))

    assert.equal(joinBatches([lines, lines.slice(1)]).isSeparatedBy(0x0a), true)
  })

  test('joined from bodies in any place of the slab keeps them', () => {
    const slab = Buffer.from('abcdef')
    const backwards = new EventBatch(slab, Uint32Array.of(4, 2, 0), Uint32Array.of(6, 4, 2))
    const overlapping = new EventBatch(slab, Uint32Array.of(0, 0, 1), Uint32Array.of(3, 3, 2))

    assert.deepEqual(
      [...joinBatches([backwards, overlapping])].map(view => view.text),
      ['ef', 'cd', 'ab', 'abc', 'abc', 'b']
    )
  })

  test('knows the size of its bodies', () => {
    fc.assert(
      fc.property(events, plain => {
        assert.equal(
          build(plain).bodyBytes,
          plain.reduce((sum, { body }) => sum + Buffer.byteLength(body), 0)
        )
      })
    )
  })
})

test('a builder starts empty after build, and does not touch what it built', () => {
  const builder = new BatchBuilder(4)
  const first = builder.add('one').build()
  const second = builder.add('two').add('three').build()

  assert.deepEqual(
    [...first, ...second].map(view => view.text),
    ['one', 'two', 'three']
  )
})

test('a builder takes events from other batches with their headers', () => {
  const source = build([
    { body: 'a', headers: { n: '1' } },
    { body: 'b', headers: {} }
  ])
  const batch = new BatchBuilder().add('first').addFrom(source, 0).addFrom(source, 1).build()

  assert.deepEqual(plainOf(batch), [{ body: 'first', headers: {} }, ...plainOf(source)])
})
