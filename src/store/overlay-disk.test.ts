import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SimulatedDisk } from '../testing/simulated-disk.ts'
import type { Disk } from './disk.ts'
import { overlayDisk } from './overlay-disk.ts'

const PATHS = ['/d/a', '/d/b', '/d/c']

function diskWithFiles(): SimulatedDisk {
  const disk = new SimulatedDisk({ seed: 1, folders: ['/d'], automatic: true })
  disk.plant('/d/a', Buffer.alloc(200_000, 'a'))
  disk.plant('/d/b', Buffer.from('short'))
  return disk
}

async function contentOf(disk: Disk): Promise<Map<string, Buffer>> {
  const content = new Map<string, Buffer>()
  for (const name of (await disk.list('/d')).sort()) {
    const file = await disk.open(`/d/${name}`, { create: false, synced: false })
    const bytes = Buffer.alloc(await file.size())
    for (let at = 0; at < bytes.length;) at += await file.read(bytes.subarray(at), at)
    await file.close()
    content.set(name, bytes)
  }
  return content
}

type Step =
  | { what: 'write'; path: string; at: number; bytes: number; value: number }
  | { what: 'truncate'; path: string; at: number }
  | { what: 'rename'; path: string; to: string }
  | { what: 'unlink'; path: string }
  | { what: 'create'; path: string }

async function perform(disk: Disk, step: Step): Promise<void> {
  const names = await disk.list('/d')
  const isThere = (path: string): boolean => names.includes(path.slice(3))
  if (step.what !== 'create' && !isThere(step.path)) return
  if (step.what === 'unlink') return await disk.unlink(step.path)
  if (step.what === 'rename') {
    if (!isThere(step.to)) await disk.rename(step.path, step.to)
    return
  }
  const file = await disk.open(step.path, { create: step.what === 'create', synced: false })
  if (step.what === 'write') {
    const bytes = Buffer.alloc(step.bytes, step.value)
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at), step.at + at)
  } else if (step.what === 'truncate') await file.truncate(step.at)
  await file.close()
}

test('an overlay shows what the same calls would have made of the disk, and leaves the disk alone', async () => {
  const path = fc.constantFrom(...PATHS)
  const at = fc.nat(250_000)
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.record({
      what: fc.constant('write' as const),
      path,
      at,
      bytes: fc.integer({ min: 1, max: 150_000 }),
      value: fc.constantFrom(0, 7)
    }),
    fc.record({ what: fc.constant('truncate' as const), path, at }),
    fc.record({ what: fc.constant('rename' as const), path, to: path }),
    fc.record({ what: fc.constant('unlink' as const), path }),
    fc.record({ what: fc.constant('create' as const), path })
  )

  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 8 }), async steps => {
      const [below, model] = [diskWithFiles(), diskWithFiles()]
      const before = below.files()
      const overlay = overlayDisk(below)

      for (const one of steps) {
        await perform(overlay, one)
        await perform(model, one)
      }

      assert.deepEqual(await contentOf(overlay), await contentOf(model))
      assert.deepEqual(below.files(), before)
      assert.equal(below.handles.size, 0)
    }),
    { numRuns: 100 }
  )
})

test('what is missing is missing, as on a disk', async () => {
  const overlay = overlayDisk(diskWithFiles())

  await assert.rejects(overlay.open('/d/none', { create: false, synced: false }), { code: 'ENOENT' })
  await assert.rejects(overlay.rename('/d/none', '/d/x'), { code: 'ENOENT' })
  await assert.rejects(overlay.unlink('/d/none'), { code: 'ENOENT' })
  await assert.rejects(overlay.list('/none'), { code: 'ENOENT' })
})
