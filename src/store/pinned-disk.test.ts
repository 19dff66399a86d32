import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimulatedDisk } from '../testing/simulated-disk.ts'
import { PinnedDisk } from './pinned-disk.ts'

const SEGMENTS = ['seg-000000000001', 'seg-000000000002', 'seg-00000000000a'].map(name => `/data/${name}`)
const plain = { create: false, synced: false }

function diskWithSegments(): SimulatedDisk {
  const disk = new SimulatedDisk({ seed: 1, folders: ['/data'], automatic: true })
  for (const path of SEGMENTS) disk.plant(path, Buffer.from(path))
  return disk
}

test('what was listed can be read though it is gone, and is told', async () => {
  const below = diskWithSegments()
  const disk = new PinnedDisk(below)
  const names = await disk.list('/data')
  const [first = ''] = SEGMENTS
  below.uproot(first)
  below.plant('/data/seg-00000000000b', Buffer.alloc(1))

  const file = await disk.open(first, plain)
  const bytes = Buffer.alloc(await file.size())
  await file.read(bytes, 0)
  await file.close()
  const again = await disk.list('/data')
  const gone = await disk.gone()
  await disk.close()

  assert.deepEqual([bytes.toString(), again, [...gone]], [first, names, [first]])
  assert.deepEqual([...below.handles], [])
})

test('what goes while it is listed is left out', async () => {
  const below = diskWithSegments()
  const disk = new PinnedDisk({
    open: (path, options) => below.open(path, options),
    list: async folder => {
      const names = await below.list(folder)
      below.uproot(SEGMENTS[0] ?? '')
      return names
    }
  })

  const names = await disk.list('/data')
  await disk.close()

  assert.deepEqual(names, ['seg-000000000002', 'seg-00000000000a'])
})
