import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import {
  FLUME_FOLDERS,
  FlumeLogWriter,
  filesDisk,
  flumeMeta,
  HELD,
  RECORDED_KEY,
  recordedFolder,
  type FlumeFiles
} from '../../testing/flume-folders.ts'
import { compressSnappy } from '../../wire/codecs/snappy.ts'
import { checkpointFor, readCheckpoint, type Checkpoint } from './checkpoint.ts'
import { findFlumeLogs, openFlumeLogs, type FolderDisk } from './flume-logs.ts'
import { heldBatches, readFlumeFolder } from './read-flume-folder.ts'
import { unpackSnappy } from './xerial-snappy.ts'

async function open(files: FlumeFiles) {
  const disk = filesDisk(files)
  const logs = await openFlumeLogs(disk, await findFlumeLogs(disk, ['data']), () => RECORDED_KEY)
  return { disk, logs, checkpoint: await readCheckpoint(disk, ['checkpoint', 'backup'], logs) }
}

async function bodies(files: FlumeFiles, checkpoint: Checkpoint | undefined): Promise<string[]> {
  const { disk, logs } = await open(files)
  const folder = await readFlumeFolder(disk, logs, { verify: false, checkpoint })
  const found: string[] = []
  for await (const batch of heldBatches(disk, folder))
    for (const event of batch) found.push(event.text.slice(0, 10))
  return found
}

/** The file inflighttakes with one event under way. */
function inFlight(transaction: bigint, pointer: bigint): Buffer {
  const rest = Buffer.alloc(24)
  ;[transaction, 1n, pointer].forEach((word, i) => rest.writeBigInt64BE(word, i * 8))
  return Buffer.concat([createHash('md5').update(rest).digest(), rest])
}

for (const name of FLUME_FOLDERS) {
  test(`with the checkpoint of ${name}, the replay comes to the same`, async () => {
    const files = await recordedFolder(name)
    const { checkpoint } = await open(files)

    assert.ok(checkpoint !== undefined)
    const found = await bodies(files, checkpoint)

    assert.equal(found.length, HELD[name][1] - HELD[name][0] + 1)
    assert.deepEqual(found, await bodies(files, undefined))
  })
}

test('events that were taken in a log that is deleted do not come back', async () => {
  const files = await recordedFolder('takes')
  const { checkpoint } = await open(files)
  const log = files.get('data/log-1')!
  // As if the takes were in another log: each becomes a record to be skipped.
  for (let at = 0; log[at] === 0x7f; at += 5 + log.readInt32BE(at + 1)) if (log[at + 7] === 2) log[at] = 0

  assert.equal((await bodies(files, undefined)).length, 300)
  assert.deepEqual((await bodies(files, checkpoint)).at(0), 'event-0120')
})

for (const name of ['restart-dual', 'nofsync-compressed-backup'] as const) {
  test(`where the checkpoint of ${name} is broken, its backup is used`, async () => {
    const files = await recordedFolder(name)
    files.get('checkpoint/checkpoint')![39] = 1

    const { checkpoint } = await open(files)

    assert.ok(checkpoint !== undefined)
    assert.equal((await bodies(files, checkpoint)).length, HELD[name][1] - HELD[name][0] + 1)
  })
}

test('events that were being taken are held too, whether their log is otherwise in use or not', async () => {
  const files = await recordedFolder('restart-dual')
  files.set('checkpoint/inflighttakes', inFlight(7n, 1n << 32n))

  const { checkpoint } = await open(files)

  assert.deepEqual([checkpoint?.has(1, 0), checkpoint?.missing], [true, []])
})

test('takes under way at the checkpoint, their log deleted since, count once they are committed', async () => {
  const files = await recordedFolder('restart-dual')
  files.set('checkpoint/inflighttakes', inFlight(7n, 2n << 32n))
  files.set('data/log-3.meta', flumeMeta(3))
  const writer = new FlumeLogWriter()
  files.set('data/log-3', writer.bytes())
  const before = await bodies(files, (await open(files)).checkpoint)
  writer.commit(7, 2 ** 52, 2)
  files.set('data/log-3', writer.bytes())

  const { disk, logs, checkpoint } = await open(files)

  assert.equal(before[0], 'event-0200')
  assert.deepEqual(await bodies(files, checkpoint), before.slice(1))
  assert.equal((await readFlumeFolder(disk, logs, { verify: false, checkpoint })).damages.count, 0)
})

test('a log that a checkpoint names and that is gone is missed', async () => {
  const files = await recordedFolder('restart-dual')
  files.delete('data/log-2')
  const { disk, logs } = await open(files)

  const help = await checkpointFor(disk, ['checkpoint'], logs)
  const folder = await readFlumeFolder(disk, logs, { verify: false, ...help })

  assert.deepEqual(help.missing, [2])
  assert.deepEqual(
    folder.damages.first.map(({ file, reason }) => [file, reason]),
    [['data/log-2', 'A log is missing; the events in it are gone.']]
  )
})

test('a checkpoint folder that may not be read is named, with what to do; a file of that name is no checkpoint', async () => {
  const { disk, logs } = await open(await recordedFolder('restart-dual'))
  const failing = (code: string): FolderDisk => ({
    list: folder => disk.list(folder),
    open: () => Promise.reject(Object.assign(new Error(`${code}: no`), { code }))
  })

  await assert.rejects(checkpointFor(failing('EACCES'), ['/flume/checkpoint'], logs), {
    code: 'ERR_START',
    message:
      'Whether a Flume left a checkpoint in /flume/checkpoint cannot be seen: the user that this agent runs as may not read there. Let it be read, or name another checkpointDir.'
  })
  assert.equal((await checkpointFor(failing('ENOTDIR'), ['/flume/checkpoint'], logs)).checkpoint, undefined)
})

test('a packed backup that is damaged is not used', async () => {
  const whole = (await recordedFolder('nofsync-compressed-backup')).get('backup/checkpoint.snappy')!
  for (let at = 0; at < whole.length; at += 3) {
    const files = await recordedFolder('nofsync-compressed-backup')
    files.delete('checkpoint/checkpoint')
    files.set('backup/checkpoint.snappy', whole.subarray(0, at))

    assert.equal((await open(files)).checkpoint, undefined, `cut at ${at}`)
  }
})

test('a packed backup of a channel for nine million events is used', async () => {
  const files = await recordedFolder('nofsync-compressed-backup')
  files.delete('checkpoint/checkpoint')
  const packed = files.get('backup/checkpoint.snappy')!
  const ring = unpackSnappy(packed, Infinity)!.subarray(1029 * 8)
  const block = (raw: Buffer): Buffer[] => {
    const bytes = compressSnappy(raw)
    const length = Buffer.alloc(4)
    length.writeInt32BE(bytes.length)
    return [length, bytes]
  }
  // The ring starts at 998 of 1000; in a larger one it goes on behind its old end.
  const zeros = block(Buffer.alloc(32 * 1024))
  const more = Array.from({ length: 2200 }, () => zeros).flat()
  files.set('backup/checkpoint.snappy', Buffer.concat([packed, ...block(ring.subarray(0, 58 * 8)), ...more]))

  const { checkpoint } = await open(files)

  assert.ok(checkpoint !== undefined)
  assert.equal((await bodies(files, checkpoint)).length, 60)
})

test('a checkpoint that Flume was cut off before noting beside the logs is used if all it names is in them', async () => {
  const cutOff = async (): Promise<FlumeFiles> => {
    const files = await recordedFolder('takes')
    // Orders of checkpoints: none was noted yet.
    const meta = files.get('data/log-1.meta')!
    meta.fill(0, 21, 29)
    meta.fill(0, 39)
    return files
  }
  const files = await cutOff()
  const swapped = await cutOff()
  swapped.get('checkpoint/checkpoint')!.fill(7, (1029 + 150) * 8 + 6, (1029 + 150) * 8 + 8)

  assert.equal(
    (await bodies(files, (await open(files)).checkpoint)).length,
    HELD.takes[1] - HELD.takes[0] + 1
  )
  assert.ok((await open(files)).checkpoint !== undefined)
  assert.equal((await open(swapped)).checkpoint, undefined)
})

test('a checkpoint that is not whole, or not of these logs, is not used', async () => {
  const harms: ((files: FlumeFiles) => void)[] = [
    files => {
      files.delete('checkpoint/checkpoint')
    },
    files => {
      files.delete('checkpoint/checkpoint.meta')
    },
    files => {
      files.delete('checkpoint/inflighttakes')
    },
    files => {
      files.get('checkpoint/inflighttakes')![20] = 1
    },
    files => {
      files.get('checkpoint/checkpoint')![39] = 1
    },
    files => {
      files.get('checkpoint/checkpoint')!.write('x', 15)
    },
    files => {
      files.get('checkpoint/checkpoint.meta')!.fill(0xff, 20)
    },
    files => {
      files.get('checkpoint/checkpoint')!.fill(0x11, 1029 * 8)
    },
    files => {
      files.set('checkpoint/checkpoint', Buffer.alloc(100))
    },
    files => {
      files.get('data/log-1.meta')!.write('x', 26)
    }
  ]
  for (const [index, harm] of harms.entries()) {
    const files = await recordedFolder('takes')
    harm(files)

    assert.equal((await open(files)).checkpoint, undefined, `harm ${index}`)
  }
})
