import assert from 'node:assert/strict'
import { mkdir, mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { PassThrough, type Writable } from 'node:stream'
import type { TestContext } from 'node:test'
import { BatchBuilder } from '../core/batch-builder.ts'
import type { Environment } from '../core/contracts.ts'
import { DurableLog } from '../store/durable-log.ts'
import { systemDisk } from '../store/system-disk.ts'
import { FakeClock } from './fake-clock.ts'
import { FakeLog } from './fake-log.ts'
import { recordedFolder } from './flume-folders.ts'

/** A folder that is gone after the test. */
export async function scratch(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-channel-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}

/** A recorded folder of a real Flume, laid out. */
export async function flumeFolder(t: TestContext, name: string): Promise<string> {
  const root = await scratch(t)
  for (const [path, bytes] of await recordedFolder(name)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), bytes)
  }
  return root
}

/** A log of ours with small files, of which so many are used again. */
export function openLog(folder: string, keepFreeSegments = 0): Promise<DurableLog> {
  return DurableLog.open({
    name: 'c1',
    folders: [folder],
    disk: systemDisk,
    clock: new FakeClock(),
    log: new FakeLog(),
    capacity: Infinity,
    transactionCapacity: 1000,
    keepAliveMs: 0,
    memoryBytes: 1_000_000,
    minimumFreeBytes: 0,
    segmentBytes: 1024 * 1024,
    stagingBytes: 65536,
    keepFreeSegments
  })
}

/** A folder of our own log with 100 events in puts of ten. */
export async function ourFolder(t: TestContext): Promise<string> {
  const folder = await scratch(t)
  const log = await openLog(folder)
  for (let i = 0; i < 10; i++) {
    const builder = new BatchBuilder()
    for (let j = 0; j < 10; j++)
      builder.add(`event ${i * 10 + j}`, { timestamp: String(1_700_000_000_000 + i) })
    await log.put(builder.build(), new AbortController().signal)
  }
  await log.close()
  return folder
}

/** Every file below a folder. */
export async function contentOf(folder: string): Promise<Map<string, string>> {
  const content = new Map<string, string>()
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    content.set(path, (await readFile(path)).toString('latin1'))
  }
  return content
}

/** Overwrites the bytes of an event where it stands in the files. */
export async function harm(folder: string, text: string): Promise<void> {
  for (const [path, content] of await contentOf(folder)) {
    const at = content.indexOf(text)
    if (at < 0) continue
    const handle = await open(path, 'r+')
    await handle.write('XX', at)
    await handle.close()
    return
  }
  assert.fail(`${text} is nowhere`)
}

/** What a command printed, and how it ended. */
export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

interface Streams {
  readonly environment: Environment
  readonly stdout: Writable
  readonly stderr: Writable
}

/** Runs a command with these words and properties. */
export async function runCommand(
  command: (words: readonly string[], streams: Streams) => Promise<number>,
  words: readonly string[],
  properties: Record<string, string> = {}
): Promise<Ran> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const [out, err] = [Array.fromAsync<Buffer>(stdout), Array.fromAsync<Buffer>(stderr)]
  const code = await command(words, {
    environment: { variables: { LANG: 'C.UTF-8' }, properties, configDirectory: undefined },
    stdout,
    stderr
  })
  stdout.end()
  stderr.end()
  return { code, out: Buffer.concat(await out).toString(), err: Buffer.concat(await err).toString() }
}
