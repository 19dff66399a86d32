import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { FakeClock } from '../testing/fake-clock.ts'
import { drain, openLog, put, range } from '../testing/numbered-log.ts'
import { SimulatedDisk } from '../testing/simulated-disk.ts'
import { decodeSegmentHeader } from './segment-header.ts'

const RECORDED = join(import.meta.dirname, '../../test/fixtures/millrace-log/version-1.json.gz')
const folders = ['/data/one', '/data/two']

function recorded(end: 'killed' | 'stopped'): SimulatedDisk {
  const logs = JSON.parse(gunzipSync(readFileSync(RECORDED)).toString()) as Record<
    string,
    Record<string, string>
  >
  const disk = new SimulatedDisk({ seed: 1, folders: ['/data'], automatic: true, keepsNames: true })
  for (const [path, bytes] of Object.entries(logs[end] ?? {})) disk.plant(path, Buffer.from(bytes, 'base64'))
  return disk
}

function versionsIn(disk: SimulatedDisk): number[] {
  const headers = [...disk.files()].filter(([path]) => path.includes('/seg-')).map(([, bytes]) => bytes)
  return [...new Set(headers.map(bytes => bytes.readUInt16LE(6)))].sort((one, other) => one - other)
}

for (const end of ['killed', 'stopped'] as const) {
  test(`a log without epochs is read whole, and gets one where nothing tells that it is, when it was ${end}`, async () => {
    const disk = recorded(end)
    assert.deepEqual(versionsIn(disk), [1])

    const log = await openLog(disk, new FakeClock(), { folders })
    const { skipped } = log.recovery
    await put(log, 60, 65)
    const found = await drain(log)
    await log.close()

    assert.deepEqual([found, skipped], [range(20, 65), []])
    assert.equal(versionsIn(disk).includes(2), end === 'killed')
  })

  test(`a folder of a log without epochs may be away for the first start with them, when it was ${end}`, async () => {
    const disk = recorded(end)
    const away = [...disk.files()].filter(([path]) => path.startsWith('/data/two/'))
    for (const [path] of away) disk.uproot(path)
    const alone = await openLog(disk, new FakeClock(), { folders: ['/data/one'] })
    await put(alone, 100, 110)
    await alone.close()
    for (const [path, bytes] of away) disk.plant(path, bytes)

    const log = await openLog(disk, new FakeClock(), { folders })
    const [held, returned] = [await drain(log), log.recovery.returned]
    await log.close()

    const late: number[] = []
    for (const part of returned) {
      const back = await openLog(disk, new FakeClock(), { folders: part.folders, partial: true })
      late.push(...(await drain(back)))
      await back.close()
    }
    const all = [...held, ...late].sort((a, b) => a - b)
    assert.deepEqual(
      all.filter(number => number >= 20),
      [...range(20, 60), ...range(100, 110)]
    )
  })
}

test('the header of the first epoch asks for readers of version 2', async () => {
  const disk = recorded('killed')
  const log = await openLog(disk, new FakeClock(), { folders })
  await put(log, 60, 61)
  await log.close()

  const headers = [...disk.files()].flatMap(([path, bytes]) =>
    path.includes('/seg-') ? [decodeSegmentHeader(bytes.subarray(0, 8192))] : []
  )

  assert.ok(headers.some(header => header?.lineage.length === 2))
})
