import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { DiskFile } from '../store/disk.ts'
import { SimulatedDisk, type SimulatedDiskOptions } from './simulated-disk.ts'
import { settled } from './fake-clock.ts'

const FILE = '/data/file'
const SYNCED = { create: true, synced: true }
const CACHED = { create: true, synced: false }

function diskOf(options: Partial<SimulatedDiskOptions> = {}): SimulatedDisk {
  return new SimulatedDisk({ seed: 1, folders: ['/data'], automatic: true, ...options })
}

/** A file whose name is safe. */
async function safeFile(disk: SimulatedDisk, options = SYNCED): Promise<DiskFile> {
  const file = await disk.open(FILE, options)
  await disk.syncFolder('/data')
  return file
}

/** What 300 power losses leave of a file: one text for each different outcome. */
async function outcomes(
  prepare: (disk: SimulatedDisk) => Promise<void>,
  end: 'crash' | 'kill' = 'crash'
): Promise<Set<string>> {
  const found = new Set<string>()
  for (let seed = 0; seed < 300; seed++) {
    const disk = diskOf({ seed })
    await prepare(disk)
    const bytes = disk[end]().files().get(FILE)
    found.add(bytes === undefined ? 'no file' : bytes.toString('latin1').replaceAll(/(.)\1*/gs, summary))
  }
  return found
}

function summary(run: string, letter: string): string {
  return `${letter === '\0' ? '0' : letter}${run.length}`
}

describe('simulated disk', () => {
  test('keeps through power loss what a synced write resolved for', async () => {
    const found = await outcomes(async disk => {
      const file = await safeFile(disk)
      await file.write(Buffer.from('a'.repeat(1500)), 0)
    })

    assert.deepEqual([...found], ['a1500'])
  })

  test('keeps what was synced afterwards, and no more', async () => {
    const found = await outcomes(async disk => {
      const file = await safeFile(disk, CACHED)
      await file.write(Buffer.from('a'.repeat(512)), 0)
      await file.sync()
      await file.write(Buffer.from('b'.repeat(512)), 512)
    })

    for (const outcome of ['a512', 'a512b512', 'a512' + '0512']) assert.ok(found.has(outcome), outcome)
    assert.ok([...found].every(outcome => outcome.startsWith('a512')))
  })

  test('loses, tears and spoils by sectors a write that was under way', async () => {
    const found = await outcomes(async disk => {
      const file = await safeFile(disk)
      await file.write(Buffer.from('a'.repeat(2048)), 0)
      void file.write(Buffer.from('b'.repeat(2048)), 0)
    })

    const expected = ['a2048', 'b2048', 'b512a1536', 'a512b1536', 'b512a512b1024', 'a1024b512a512']
    for (const outcome of expected) assert.ok(found.has(outcome), outcome)
    assert.ok(found.size > 20)
  })

  test('reorders writes under way', async () => {
    const found = await outcomes(async disk => {
      const file = await safeFile(disk)
      await file.write(Buffer.from('-'.repeat(1024)), 0)
      void file.write(Buffer.from('a'.repeat(512)), 0)
      void file.write(Buffer.from('b'.repeat(512)), 512)
    })

    for (const outcome of ['-512b512', 'a512-512', 'a512b512', '-1024'])
      assert.ok(found.has(outcome), outcome)
  })

  test('does not call a sync safe for what was written after it began', async () => {
    const found = await outcomes(async disk => {
      const file = await safeFile(disk, CACHED)
      const sync = file.sync()
      await Promise.all([sync, file.write(Buffer.from('a'.repeat(512)), 0)])
    })

    assert.ok(found.has(''))
  })

  test('may lose a new name, a removal and a renaming until the folder is synced', async () => {
    const found = await outcomes(async disk => {
      const file = await disk.open(FILE, SYNCED)
      await file.write(Buffer.from('a'), 0)
      await file.close()
    })
    const kept = await outcomes(async disk => {
      await (await safeFile(disk)).close()
      await disk.unlink(FILE)
    })
    const moved = await outcomes(async disk => {
      await (await safeFile(disk)).close()
      await disk.rename(FILE, '/data/other')
    })

    assert.deepEqual(
      [found, kept, moved].map(set => [...set].sort()),
      [
        ['a1', 'no file'],
        ['', 'no file'],
        ['', 'no file']
      ]
    )
  })

  test('may leave both names of a renaming that is not safe, or neither', async () => {
    const names = new Set<string>()
    for (let seed = 0; seed < 300; seed++) {
      const disk = diskOf({ seed })
      await (await safeFile(disk)).close()
      await disk.rename(FILE, '/data/other')
      names.add([...disk.crash().files().keys()].join(' '))
    }

    assert.deepEqual([...names].sort(), ['', FILE, `${FILE} /data/other`, '/data/other'])
  })

  test('may show in new blocks what another file held there', async () => {
    const found = await outcomes(async disk => {
      const former = await disk.open('/data/former', SYNCED)
      await former.write(Buffer.from('-'.repeat(2048)), 0)
      await former.close()
      await disk.unlink('/data/former')
      const file = await safeFile(disk)
      void file.write(Buffer.from('a'.repeat(1024)), 0)
    })

    for (const outcome of ['-512a512', 'a512-512', '-1024']) assert.ok(found.has(outcome), outcome)
  })

  test('may do so in the blocks of a hole', async () => {
    const found = await outcomes(async disk => {
      const former = await disk.open('/data/former', SYNCED)
      await former.write(Buffer.from('-'.repeat(2048)), 0)
      await former.close()
      await disk.unlink('/data/former')
      const file = await safeFile(disk)
      await file.truncate(1024)
      await file.sync()
      void file.write(Buffer.from('a'.repeat(1024)), 0)
    })

    for (const outcome of ['a1024', '01024', '-512a512', '-1024']) assert.ok(found.has(outcome), outcome)
  })

  test('may have grown a file for a write of which nothing came', async () => {
    const found = await outcomes(async disk => {
      void (await safeFile(disk)).write(Buffer.from('a'.repeat(2048)), 0)
    })

    for (const outcome of ['', '02048', 'a512' + '01536', '01536' + 'a512'])
      assert.ok(found.has(outcome), outcome)
  })

  test('loses a folder that its parent does not know for sure, with all that is in it', async () => {
    let lost = 0
    for (let seed = 0; seed < 50; seed++) {
      const disk = diskOf({ seed })
      await disk.makeFolder('/data/log')
      const file = await disk.open('/data/log/x', SYNCED)
      await disk.syncFolder('/data/log')
      await file.write(Buffer.from('a'), 0)
      if (disk.crash().files().size === 0) lost++
    }

    assert.ok(lost > 5 && lost < 45)
  })

  test('mostly keeps the page cache when only the process dies, which power loss may still take', async () => {
    const survivors = await outcomes(async disk => {
      const file = await safeFile(disk, CACHED)
      await file.write(Buffer.from('a'.repeat(512)), 0)
    }, 'kill')
    let lost = 0
    for (let seed = 0; seed < 50; seed++) {
      const disk = diskOf({ seed })
      await (await safeFile(disk, CACHED)).write(Buffer.from('a'.repeat(512)), 0)
      if (disk.kill().crash().files().get(FILE)?.length === 0) lost++
    }

    assert.ok(survivors.has('a512'))
    assert.ok(lost > 0)
  })

  test('may forget names for which a sync failed, though a later one succeeds', async () => {
    const found = await outcomes(async disk => {
      await safeFile(disk)
      disk.faults.add({ operations: ['syncFolder'], after: 0, times: 1, kind: 'EIO' })
      await disk.unlink(FILE)
      await assert.rejects(disk.syncFolder('/data'))
      await disk.syncFolder('/data')
    })

    assert.deepEqual([...found].sort(), ['', 'no file'])
  })

  test('completes calls in any order, and says nothing after the end', async () => {
    const orders = new Set<string>()
    for (let seed = 0; seed < 40; seed++) {
      const disk = diskOf({ seed, automatic: false })
      const order: string[] = []
      for (const name of ['a', 'b', 'c']) void disk.list('/data').then(() => order.push(name))
      disk.step()
      disk.step()
      disk.crash()
      await settled()
      orders.add(order.join(''))
    }

    assert.deepEqual([...orders].sort(), ['ab', 'ac', 'ba', 'bc', 'ca', 'cb'])
  })

  test('is the same again for the same seed', async () => {
    const run = async (): Promise<string[]> => {
      const disk = diskOf({ seed: 77 })
      const file = await safeFile(disk)
      void file.write(disk.random.bytes(5000), 0)
      return [...disk.crash().files().values()].map(bytes => bytes.toString('hex'))
    }

    assert.deepEqual(await run(), await run())
  })

  test('answers like the system for names that are not there', async () => {
    const disk = diskOf()

    await assert.rejects(disk.open(FILE, { create: false, synced: false }), { code: 'ENOENT' })
    await assert.rejects(disk.open('/other/file', SYNCED), { code: 'ENOENT' })
    await assert.rejects(disk.rename(FILE, '/data/x'), { code: 'ENOENT' })
    await assert.rejects(disk.unlink(FILE), { code: 'ENOENT' })
    await assert.rejects(disk.list('/nothing'), { code: 'ENOENT' })
    assert.deepEqual(disk.violations, [])
  })

  test('notes what a careful program never does', async () => {
    const disk = diskOf()
    const file = await safeFile(disk)
    const bytes = Buffer.alloc(100)
    const first = file.write(bytes, 0)
    bytes[0] = 1
    const second = file.read(Buffer.alloc(10), 50)
    await Promise.all([first, second])
    await disk.unlink(FILE)
    const last = file.write(bytes, 0)
    await file.close()
    await last
    await file.close()
    const [one, other] = [await disk.open('/data/a', SYNCED), await disk.open('/data/b', SYNCED)]
    const unsafe = await disk.open('/data/a', { create: false, synced: false })
    await unsafe.write(bytes, 0)
    await Promise.all([one.close(), other.close(), unsafe.close()])
    await disk.rename('/data/a', '/data/b')

    const kinds = [
      'during a',
      'changes bytes',
      'removed while',
      'calls under way',
      'closed twice',
      'replaced'
    ]
    assert.deepEqual(
      kinds.filter(kind => !disk.violations.some(violation => violation.includes(kind))),
      []
    )
  })

  test('lets tests plant and take away files', async () => {
    const disk = diskOf()
    disk.plant('/data/new', Buffer.from('x'))
    const planted = disk.crash().files().get('/data/new')?.toString()
    const other = diskOf()
    other.plant(FILE, Buffer.from('x'))
    other.uproot(FILE)

    assert.deepEqual([planted, other.files().size, other.crash().files().size], ['x', 0, 0])
  })
})
