import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Writer, WriteThreads } from './write-threads.ts'

const SOME = Buffer.from(new SharedArrayBuffer(8))

/** A thread that does what the test says. */
class FakeThread implements Writer {
  over = false
  ended = false
  writes = 0
  readonly #ready = Promise.withResolvers<void>()
  readonly #gone = Promise.withResolvers<void>()
  #write = Promise.withResolvers<number>()
  readonly ready = this.#ready.promise
  readonly gone = this.#gone.promise

  async start(): Promise<void> {
    this.#ready.resolve()
    await turns()
  }

  async finish(): Promise<void> {
    this.#write.resolve(8)
    await turns()
  }

  async die(): Promise<void> {
    this.over = true
    if (this.writes > 0) this.#write.reject(Object.assign(new Error('dead'), { code: 'EIO' }))
    this.#gone.resolve()
    await turns()
  }

  write(): Promise<number> {
    this.writes++
    this.#write = Promise.withResolvers<number>()
    return this.#write.promise
  }

  end(): void {
    this.ended = true
  }
}

function module(path: string): string {
  return new URL(path, import.meta.url).href
}

function turns(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}

function open() {
  const started: FakeThread[] = []
  const threads = new WriteThreads(2, () => {
    const thread = new FakeThread()
    started.push(thread)
    return thread
  })
  threads.opened()
  const write = (): Promise<number> | undefined => threads.write(1, SOME, 0)
  return {
    threads,
    started,
    write,
    /** Writes that nobody takes, until one more thread was started. */
    async startOne(): Promise<FakeThread> {
      const before = started.length
      for (let i = 0; i < 16 && started.length === before; i++) assert.equal(write(), undefined)
      const thread = started[before]
      assert.ok(thread !== undefined)
      await thread.start()
      return thread
    }
  }
}

test('no thread is started before the sixteenth write, and one that starts is not waited for', () => {
  const { started, write } = open()

  const first = Array.from({ length: 15 }, write)
  const startedBefore = started.length
  const sixteenth = write()

  assert.deepEqual(
    [first.every(written => written === undefined), startedBefore, sixteenth, started.length],
    [true, 0, undefined, 1]
  )
})

test('memory that is not shared is left to others', async () => {
  const { threads, startOne } = open()
  await startOne()

  assert.equal(threads.write(1, Buffer.alloc(8), 0), undefined)
})

test('each thread does one write at a time; what finds none free is left to others', async () => {
  const { started, write, startOne } = open()
  await startOne()
  const one = write()
  await startOne()
  const other = write()

  const third = write()
  await started[0]?.finish()
  const fourth = write()

  assert.deepEqual(
    [await one, other === undefined, third, fourth === undefined, started.map(({ writes }) => writes)],
    [8, false, undefined, false, [2, 1]]
  )
})

test('there are never more than two, however many writes find none free', async () => {
  const { started, write, startOne } = open()
  await startOne()
  void write()
  await startOne()
  void write()

  for (let i = 0; i < 100; i++) void write()

  assert.equal(started.length, 2)
})

test('a thread that dies fails its write, is not used again, and is replaced', async () => {
  const { started, write, startOne } = open()
  const thread = await startOne()
  const written = write()
  assert.ok(written !== undefined)
  const failed = assert.rejects(written, { code: 'EIO' })

  await thread.die()
  await failed
  await startOne()
  void write()

  assert.deepEqual(
    started.map(({ writes }) => writes),
    [1, 1]
  )
})

test('a thread that dies between two writes is not used again', async () => {
  const { write, startOne } = open()
  const thread = await startOne()

  await thread.die()

  assert.deepEqual([write(), thread.writes], [undefined, 0])
})

test('the threads end with the last file, also one that was starting then', async () => {
  const { threads, started, write, startOne } = open()
  await startOne()
  void write()
  for (let i = 0; i < 16; i++) void write()
  await started[0]?.finish()
  threads.opened()
  threads.closed()
  const whileOpen = started.map(({ ended }) => ended)

  threads.closed()
  await started[1]?.start()

  assert.deepEqual(
    [whileOpen, started.map(({ ended }) => ended)],
    [
      [false, false],
      [true, true]
    ]
  )
})

test('where no thread can be started, nothing else changes', () => {
  const threads = new WriteThreads(2, () => {
    throw new Error('EAGAIN')
  })
  threads.opened()

  assert.ok(
    Array.from({ length: 100 }, () => threads.write(1, SOME, 0)).every(written => written === undefined)
  )
})

for (const closes of [true, false]) {
  test(`a process ends by itself ${closes ? 'once its files are closed' : 'with files open'}`, context => {
    const folder = mkdtempSync(join(tmpdir(), 'write-threads-'))
    context.after(() => rmSync(folder, { recursive: true }))
    const program = `
      import { diskWith } from ${JSON.stringify(module('./system-disk.ts'))}
      import { WriteThread } from ${JSON.stringify(module('./write-thread.ts'))}
      import { WriteThreads } from ${JSON.stringify(module('./write-threads.ts'))}
      const started = []
      const threads = new WriteThreads(2, () => started[started.push(new WriteThread()) - 1])
      const file = await diskWith(threads).open(process.argv[1], { create: true, synced: true })
      const bytes = Buffer.from(new SharedArrayBuffer(65536)).fill('x')
      for (let i = 0; i < 32; i++) await file.write(bytes, i * bytes.length)
      const [one, other] = started
      const { port1: awake } = new MessageChannel()
      awake.onmessage = () => {}
      await Promise.race([one.ready, one.gone])
      await Promise.race([other.ready, other.gone])
      const writes = [0, 1, 2].map(i => file.write(bytes, (32 + i) * bytes.length))
      awake.close()
      console.log(...await Promise.all(writes), one.over, other.over)
      ${closes ? 'await file.close()' : 'globalThis.kept = file'}`

    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--input-type=module', '-e', program, join(folder, 'file')],
      { encoding: 'utf8', timeout: 30_000 }
    )

    assert.deepEqual([status, stdout, stderr], [0, '65536 65536 65536 false false\n', ''])
  })
}
