import assert from 'node:assert/strict'
import { test } from 'node:test'
import { batchOf } from '../../../testing/fake-context.ts'
import { SimulatedDisk } from '../../../testing/simulated-disk.ts'
import { setUpOnDisk, takeAll } from './testing/spillable-parts.ts'

const never = new AbortController().signal

test('damage that the log comes upon while the channel starts leaves no gap in the order', async () => {
  const disk = new SimulatedDisk({ seed: 1, folders: ['/data'], automatic: true })
  const before = setUpOnDisk(disk, 1)
  await before.start()
  const texts = Array.from({ length: 11 }, (_, i) => `${i}`.padEnd(60_000, '.'))
  for (const text of texts) await before.put(batchOf([text]), never)
  await before.stop()
  for (const [path, bytes] of disk.files()) {
    const at = bytes.indexOf('2...')
    if (at < 0) continue
    bytes[at] = 0
    disk.plant(path, bytes)
  }
  disk.faults.add({ operations: ['truncate', 'rename', 'sync'], after: 0, times: 30, kind: 'slow' })

  const after: ReturnType<typeof setUpOnDisk> = setUpOnDisk(disk, 1, async () => {
    for (let turn = 0; turn < 12; turn++) await new Promise(resolve => void setImmediate(resolve))
  })
  await after.start()
  const [held, lost] = [after.size, Object.values(after.skipped())]
  const found = await takeAll(after)

  assert.deepEqual([held, lost], [11, [1]])
  assert.deepEqual(found, texts.toSpliced(2, 1))
})
