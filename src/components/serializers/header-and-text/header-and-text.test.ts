import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { EMPTY_BATCH } from '../../../core/batch.ts'
import { BatchBuilder } from '../../../core/batch-builder.ts'
import { settingsOf } from '../../../core/read-settings.ts'
import { batchOf, fakeSinkContext } from '../../../testing/fake-context.ts'
import { recordedBatch, serialized, serializerRows } from '../../../testing/serializer-rows.ts'
import headerAndText from './header-and-text.ts'

const FIXTURES = new URL('../../../../test/fixtures/', import.meta.url)

function open(config: Readonly<Record<string, string>> = {}) {
  return headerAndText.create(
    settingsOf(headerAndText, config, () => undefined),
    fakeSinkContext()
  )
}

/** The same text with the headers of each event sorted: ours stand in the order in which they were added. */
function sorted(bytes: Buffer): string {
  return String(bytes).replace(
    /\{([^{}]*)\} /g,
    (_, headers: string) => `{${headers.split(', ').sort().join(', ')}} `
  )
}

test('every recorded file of Flume comes out byte for byte, the order of several headers apart', () => {
  const rows = serializerRows('header_and_text', headerAndText.classes)

  assert.ok(rows.length > 50)
  for (const { config, batch, out, mostHeaders } of rows) {
    assert.ok(out !== undefined)
    const ours = serialized(open(config), batch)
    if (mostHeaders > 1) assert.equal(sorted(ours), sorted(out))
    else assert.deepEqual(ours, out)
  }
})

test("the file of Flume's file_roll sink comes out, the order of several headers apart", () => {
  const recorded = readFileSync(new URL('fileroll/header_and_text/1795342175778-1', FIXTURES))

  assert.equal(sorted(serialized(open(), recordedBatch())), sorted(recorded))
})

test('headers stand in the order in which they were added', () => {
  const batch = batchOf(['x', 'y']).withHeader('zeta', '1').withHeader('alpha', '2').withHeader('zeta', '3')

  assert.equal(String(serialized(open(), batch)), '{zeta=3, alpha=2} x\n{zeta=3, alpha=2} y\n')
})

test('neighbours with other headers keep their own', () => {
  const batch = new BatchBuilder()
    .add('a', { n: '1' })
    .add('b')
    .add('c', { n: '3' })
    .build()
    .withHeader('host', 'h')

  assert.equal(String(serialized(open(), batch)), '{n=1, host=h} a\n{host=h} b\n{n=3, host=h} c\n')
})

test('a batch without events is no bytes', () => {
  assert.deepEqual(open().write(EMPTY_BATCH), [])
})
