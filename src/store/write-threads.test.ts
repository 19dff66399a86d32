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
  let start = (): void => {}
  const threads = new WriteThreads(
    2,
    () => started[started.push(new FakeThread()) - 1] ?? new FakeThread(),
    (_milliseconds, work) => {
      start = work
      return () => {
        start = () => {}
      }
    }
  )
  threads.opened()
  return {
    threads,
    started,
    write: (): Promise<number> | undefined => threads.write(1, SOME, 0),
    /** The time has come to start them. */
    start: (): void => start(),
    async running(): Promise<readonly [FakeThread, FakeThread]> {
      start()
      for (const thread of started) await thread.start()
      const [one, other] = started
      assert.ok(one !== undefined && other !== undefined)
      return [one, other]
    }
  }
}

test('memory made for one large event is left to Node, for the threads would keep it', async () => {
  const { threads, running } = open()
  await running()

  const large = Buffer.from(new SharedArrayBuffer(2 ** 23 + 4096))

  assert.equal(threads.write(1, large, 0), undefined)
  assert.ok(threads.write(1, SOME, 0))
})

test('threads are started once a file has been open for a while, and are not waited for', () => {
  const { started, start, write } = open()

  const before = [write(), started.length]
  start()
  const after = [write(), started.length]

  assert.deepEqual(
    [before, after],
    [
      [undefined, 0],
      [undefined, 2]
    ]
  )
})

test('no thread is started for a file that is closed before', () => {
  const { threads, started, start } = open()

  threads.closed()
  start()

  assert.equal(started.length, 0)
})

test('memory that is not shared is left to others', async () => {
  const { threads, running } = open()
  await running()

  assert.equal(threads.write(1, Buffer.alloc(8), 0), undefined)
})

test('each thread does one write at a time; what finds none free is left to others', async () => {
  const { started, write, running } = open()
  const [one] = await running()
  const first = write()
  const second = write()

  const third = write()
  await one.finish()
  const fourth = write()

  assert.deepEqual(
    [await first, second === undefined, third, fourth === undefined, started.map(({ writes }) => writes)],
    [8, false, undefined, false, [2, 1]]
  )
})

test('there are never more than two, however many writes find none free', async () => {
  const { started, write, running } = open()
  await running()

  for (let i = 0; i < 100; i++) void write()

  assert.equal(started.length, 2)
})

test('a thread that dies fails its write, is not used again, and is replaced after some writes', async () => {
  const { started, write, running } = open()
  const [one, other] = await running()
  const written = write()
  assert.ok(written !== undefined)
  const failed = assert.rejects(written, { code: 'EIO' })
  void write()

  await one.die()
  await failed
  const left = Array.from({ length: 14 }, write)
  await started[2]?.start()
  void write()

  assert.ok(left.every(write => write === undefined))
  assert.deepEqual([one.writes, other.writes, started.map(({ writes }) => writes)], [1, 1, [1, 1, 1]])
})

test('a thread that dies between two writes is not used again', async () => {
  const { write, running } = open()
  const [one, other] = await running()

  await one.die()
  void write()

  assert.deepEqual([one.writes, other.writes], [0, 1])
})

test('the threads end with the last file, also one that was starting then', async () => {
  const { threads, started, start } = open()
  start()
  const [one, other] = started
  await one?.start()
  threads.opened()
  threads.closed()
  const whileOpen = started.map(({ ended }) => ended)

  threads.closed()
  await other?.start()

  assert.deepEqual(
    [whileOpen, started.map(({ ended }) => ended)],
    [
      [false, false],
      [true, true]
    ]
  )
})

test('where no thread can be started, nothing else changes', () => {
  const threads = new WriteThreads(
    2,
    () => {
      throw new Error('EAGAIN')
    },
    (_milliseconds, work) => {
      work()
      return () => {}
    }
  )
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
      const now = (_, work) => (work(), () => {})
      const threads = new WriteThreads(2, () => started[started.push(new WriteThread()) - 1], now)
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

test(
  "a write does not wait for Node's threads while all of them are busy",
  { skip: process.platform === 'win32' ? 'there are no named pipes' : false },
  context => {
    const folder = mkdtempSync(join(tmpdir(), 'write-threads-'))
    context.after(() => rmSync(folder, { recursive: true }))
    const pipe = join(folder, 'pipe')
    assert.equal(spawnSync('mkfifo', [pipe]).status, 0)
    // Opening a pipe to read from it holds a thread until somebody opens it to write.
    const program = `
      import { open, openSync } from 'node:fs'
      import { diskWith } from ${JSON.stringify(module('./system-disk.ts'))}
      import { WriteThread } from ${JSON.stringify(module('./write-thread.ts'))}
      import { WriteThreads } from ${JSON.stringify(module('./write-threads.ts'))}
      const thread = new WriteThread()
      const threads = new WriteThreads(1, () => thread, (_, work) => (work(), () => {}))
      const disk = diskWith(threads)
      const file = await disk.open(process.argv[1], { create: true, synced: true })
      const { port1: awake } = new MessageChannel()
      awake.onmessage = () => {}
      await thread.ready
      let opened = 0
      for (let i = 0; i < 4; i++) open(process.argv[2], 'r', () => opened++)
      const bytes = Buffer.from(new SharedArrayBuffer(65536)).fill('x')
      console.log(await file.write(bytes, 0), await file.write(bytes, 65536), opened)
      openSync(process.argv[2], 'r+')
      awake.close()
      await file.close()`

    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--input-type=module', '-e', program, join(folder, 'file'), pipe],
      { encoding: 'utf8', timeout: 30_000, env: { ...process.env, UV_THREADPOOL_SIZE: '4' } }
    )

    assert.deepEqual([status, stdout, stderr], [0, '65536 65536 0\n', ''])
  }
)
