import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../testing/fake-clock.ts'
import { batchOf } from '../testing/fake-context.ts'
import { drain, openLog, put, range } from '../testing/numbered-log.ts'
import { SimulatedDisk } from '../testing/simulated-disk.ts'
import type { DurableLog } from './durable-log.ts'
import { BLOCK_BYTES } from './frame.ts'

const FOLDERS = ['/one', '/two', '/three']
const SEEDS = 150
const ROOM = 2 ** 30
const never = new AbortController().signal

function open(disk: SimulatedDisk): Promise<DurableLog> {
  return openLog(disk, new FakeClock(), { folders: FOLDERS })
}

/** After so many events that all segments of a small log come to be the last one. */
function acknowledged(seed: number): number {
  return 10 + (seed % 31)
}

/** A disk after a kill. The system may show a put there that is not on the disk, and that no sync brings there. */
async function killedWhenWritesFail(seed: number): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk({ seed, folders: FOLDERS, automatic: true, bytes: ROOM })
  const log = await open(disk)
  await put(log, 0, acknowledged(seed))
  disk.faults.add({ operations: ['write', 'sync'], after: 0, times: Infinity, kind: 'EIO' })
  log.put(batchOf([String(acknowledged(seed)).padEnd(1000, '.')]), never).catch(() => undefined)
  const { completed } = disk
  while (disk.completed < completed + 1 + (seed % 3)) await new Promise(resolve => void setImmediate(resolve))
  return disk.kill()
}

for (const [title, hasRoom] of [
  ['with room to write it anew', true],
  ['without room to write it anew', false]
] as const) {
  test(`what a start believes of a write that failed is there after power loss, ${title}`, async () => {
    let believed = 0
    for (let seed = 0; seed < SEEDS; seed++) {
      const disk = await killedWhenWritesFail(seed)
      // Enough for a seal, and not for a copy.
      if (!hasRoom) disk.bytes -= disk.room - BLOCK_BYTES
      const log = await open(disk)
      if (log.size > acknowledged(seed)) believed++
      if (hasRoom) await put(log, 1000, 1001)

      const later = disk.crash()
      later.bytes = ROOM
      const next = await open(later)

      assert.deepEqual([log.recovery.skipped, next.recovery.skipped], [[], []], `seed ${seed}`)
      const found = await drain(next)
      assert.deepEqual(found.slice(0, acknowledged(seed)), range(0, acknowledged(seed)), `seed ${seed}`)
    }
    assert.ok(believed > 5, `${believed}`)
  })
}
