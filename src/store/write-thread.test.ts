import assert from 'node:assert/strict'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { WriteThread } from './write-thread.ts'

function file(context: TestContext): { readonly path: string; readonly descriptor: number } {
  const folder = mkdtempSync(join(tmpdir(), 'write-thread-'))
  const path = join(folder, 'file')
  const descriptor = openSync(path, 'w+')
  context.after(() => {
    closeSync(descriptor)
    rmSync(folder, { recursive: true })
  })
  return { path, descriptor }
}

function shared(text: string): { readonly memory: SharedArrayBuffer; readonly bytes: Buffer } {
  const memory = new SharedArrayBuffer(text.length + 1)
  const bytes = Buffer.from(memory, 1, text.length)
  bytes.write(text)
  return { memory, bytes }
}

async function running(context: TestContext): Promise<WriteThread> {
  const thread = new WriteThread()
  await thread.ready
  context.after(async () => {
    thread.end()
    await thread.gone
  })
  return thread
}

test('writes are done where they belong, out of more pieces of memory than a thread remembers', async context => {
  const thread = await running(context)
  const { path, descriptor } = file(context)
  const pieces = Array.from({ length: 40 }, (_, i) => shared(`<${String(i).padStart(3, '0')}>`))
  const order = [...pieces.keys(), ...pieces.keys()]

  const written: number[] = []
  for (const [at, piece] of order.entries()) {
    const { memory, bytes } = pieces[piece] ?? shared('')
    written.push(await thread.write(descriptor, memory, bytes, at * 5))
  }

  assert.deepEqual(new Set(written), new Set([5]))
  assert.equal(
    readFileSync(path, 'latin1'),
    order.map(piece => pieces[piece]?.bytes.toString('latin1')).join('')
  )
})

test('memory that changed is written as it is when asked', async context => {
  const thread = await running(context)
  const { path, descriptor } = file(context)
  const { memory, bytes } = shared('before')

  await thread.write(descriptor, memory, bytes, 0)
  bytes.write('after!')
  await thread.write(descriptor, memory, bytes.subarray(0, 6), 6)

  assert.equal(readFileSync(path, 'latin1'), 'beforeafter!')
})

test('an error of the system comes with its code, and the thread goes on', async context => {
  const thread = await running(context)
  const { path, descriptor } = file(context)
  const { memory, bytes } = shared('text')
  const readOnly = openSync(path, 'r')
  context.after(() => closeSync(readOnly))

  const failed = thread.write(readOnly, memory, bytes, 0)

  await assert.rejects(failed, { code: 'EBADF', syscall: 'write' })
  assert.equal(await thread.write(descriptor, memory, bytes, 0), 4)
})

test(
  'a full disk is told',
  { skip: process.platform === 'linux' ? false : 'there is no /dev/full' },
  async context => {
    const thread = await running(context)
    const full = openSync('/dev/full', 'w')
    context.after(() => closeSync(full))
    const { memory, bytes } = shared('text')

    await assert.rejects(thread.write(full, memory, bytes, 0), { code: 'ENOSPC' })
  }
)

test('a thread that dies fails the write in hand and all after it', async context => {
  const { descriptor } = file(context)
  const { memory, bytes } = shared('text')
  const thread = new WriteThread(load => {
    const { parentPort, workerData } = load('node:worker_threads') as typeof import('node:worker_threads')
    parentPort?.postMessage('ready')
    Atomics.wait(new Int32Array(workerData as SharedArrayBuffer), 0, 0)
    throw new Error('out of luck')
  })
  await thread.ready

  const inHand = thread.write(descriptor, memory, bytes, 0)
  const failure: unknown = await inHand.catch((error: unknown) => error)
  await thread.gone

  assert.ok(failure instanceof Error)
  assert.deepEqual(
    [Reflect.get(failure, 'code'), (failure.cause as Error).message, thread.over],
    ['EIO', 'out of luck', true]
  )
  await assert.rejects(thread.write(descriptor, memory, bytes, 0), { code: 'EIO' })
})
