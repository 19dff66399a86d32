import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readSettings } from '../../core/read-settings.ts'
import { flumeFiles, FlumeLogWriter, recordedFolder } from '../../testing/flume-folders.ts'
import { readRecorded } from '../../testing/flume-reading.ts'
import { openEncryption } from '../encryption.ts'
import { encryptionSettings } from '../encryption-settings.ts'

/**
 * More folders that a real Flume 1.11 left, each with what it gave out itself when it was started on a copy
 * (`held.jsonl`; of `rolled-twice-committed`, on which it does not start, what it had acknowledged):
 *   rolled-twice-committed  eight threads and tiny logs: commits written twice, the second time empty
 *   broken-checkpoint       two data folders, dual checkpoints, kill -9; oldest logs deleted, the checkpoint incomplete
 *   encrypted-rotated       two data folders, kill -9 in between, three keys of one store, one with its own password
 */
const FIXTURES = join(import.meta.dirname, '../../../test/fixtures/filechannel')

function keysOf(name: string) {
  const text = readFileSync(join(FIXTURES, name, 'channel.properties'), 'utf8')
  const given = Object.fromEntries(
    [...text.replaceAll('@WORK@', join(FIXTURES, name)).matchAll(/^(encryption\S*) = (.*)$/gm)].map(
      ([, key = '', value = '']) => [key, value]
    )
  )
  const { values } = readSettings({ settings: encryptionSettings }, given, () => undefined)
  assert.ok(values !== undefined)
  return openEncryption(values)
}

async function read(name: string) {
  return await readRecorded(await recordedFolder(name), keysOf(name)?.flumeKey)
}

for (const name of ['rolled-twice-committed', 'broken-checkpoint', 'encrypted-rotated']) {
  test(`the folder ${name} of a real Flume yields exactly what it held`, async () => {
    const { events, held, folder } = await read(name)

    assert.deepEqual(events, held)
    assert.deepEqual([folder.damages.count, folder.assumed], [0, 0])
  })
}

test('the folders are what they are said to be', async () => {
  const files = await recordedFolder('rolled-twice-committed')
  const hollow = new FlumeLogWriter()
  hollow.hollowCommit()
  const bytes = flumeFiles({ 'd/log-1': hollow }).get('d/log-1')!.subarray(0, hollow.length)
  const [broken, rotated] = [await read('broken-checkpoint'), await read('encrypted-rotated')]

  assert.ok([...files].some(([path, content]) => /log-\d+$/.test(path) && content.includes(bytes)))
  assert.deepEqual([broken.help.needed, broken.help.checkpoint === undefined], [true, false])
  assert.deepEqual(
    [...new Set(rotated.logs.map(({ meta }) => meta?.encryption?.keyAlias))],
    ['key-0', 'key-1', 'Key-2']
  )
})
