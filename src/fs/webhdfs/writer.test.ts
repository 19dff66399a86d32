import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { AgentError } from '../../core/errors.ts'
import {
  answerWith,
  breakConnection,
  FakeWebHdfs,
  remoteException,
  storeAndBreak,
  storeAndHold,
  type Fault
} from '../../testing/webhdfs-server.ts'
import { fileErrorKind } from '../file-errors.ts'
import type { FileWriter } from '../file-system.ts'
import { WebHdfsFileSystem } from './webhdfs.ts'

/** A writer of `/file` on a server of its own. */
async function openWriter(): Promise<
  { server: FakeWebHdfs; store: WebHdfsFileSystem; writer: FileWriter } & AsyncDisposable
> {
  let now = 0
  const server = await FakeWebHdfs.start()
  const store = new WebHdfsFileSystem({
    uri: 'webhdfs://test',
    nameNodes: [`http://${server.address}`],
    identity: {},
    defaults: {},
    umask: undefined,
    timeoutMs: 2_000,
    clock: {
      monotonic: () => now,
      sleep: async ms => {
        now += ms
      }
    }
  })
  const dispose = async () => {
    await store.close()
    await server[Symbol.asyncDispose]()
  }
  return { server, store, writer: await store.create('/file'), [Symbol.asyncDispose]: dispose }
}

async function kindOf(pending: Promise<unknown>): Promise<string> {
  return await pending.then(
    () => 'resolved',
    (error: unknown) => {
      assert.ok(error instanceof AgentError, String(error))
      return fileErrorKind(error)
    }
  )
}

const held = remoteException(403, 'AlreadyBeingCreatedException')
const pipelineBroke = remoteException(403, 'IOException', 'All datanodes are bad.')

test('one flush is one append, and nothing to flush is no request', async () => {
  await using opened = await openWriter()
  const { server, writer } = opened
  await writer.write([Buffer.from('a'), Buffer.from('b')])
  await writer.write([Buffer.from('c')])
  await writer.hflush()
  await writer.hflush()
  await writer.close()

  assert.deepEqual(server.requests, [
    'CREATE /file',
    'CREATE data /file',
    'APPEND /file',
    'APPEND data /file'
  ])
  assert.equal(String(server.files.get('/file')), 'abc')
})

test('what is buffered is bounded: eight MiB are appended without being asked', async () => {
  await using opened = await openWriter()
  const { server, writer } = opened
  const mebibyte = Buffer.alloc(1024 * 1024)

  for (let i = 0; i < 9; i++) await writer.write([mebibyte])

  assert.equal(server.files.get('/file')?.length, 8 * 1024 * 1024)
  assert.equal(writer.position, 9 * 1024 * 1024)
})

for (const [arrived, fault] of [
  ['all', storeAndBreak()],
  ['half', storeAndBreak(4)],
  ['nothing', storeAndBreak(0)]
] as const) {
  test(`an append of which ${arrived} arrived before the connection broke is completed, without doubles`, async () => {
    await using opened = await openWriter()
    const { server, writer } = opened
    server.fail('APPEND data', fault)
    await writer.write([Buffer.from('one '), Buffer.from('two '), Buffer.from('three')])

    await writer.hflush()

    assert.equal(String(server.files.get('/file')), 'one two three')
    assert.equal(writer.position, 13)
  })
}

test('before the length is trusted, the file must be free of earlier writers', async () => {
  await using opened = await openWriter()
  const { server, writer } = opened
  server.fail('APPEND data', pipelineBroke, held, ({ store, response }) => {
    store(Buffer.from('lat'))
    response.writeHead(200).end()
  })
  await writer.write([Buffer.from('late')])

  await writer.hflush()

  assert.equal(String(server.files.get('/file')), 'late')
})

test('an outcome that cannot be found out fails the flush; what it held is not written again', async () => {
  await using opened = await openWriter()
  const { server, writer } = opened
  server.fail('APPEND data', breakConnection)
  server.failFor('GETFILESTATUS', answerWith(503, ''))
  await writer.write([Buffer.from('lost')])

  assert.equal(await kindOf(writer.hflush()), 'unreachable')
  server.failFor('GETFILESTATUS')
  assert.equal(await kindOf(writer.write([Buffer.from('more')])), 'unreachable')
  assert.equal(await kindOf(writer.close()), 'resolved')
  assert.equal(String(server.files.get('/file')), '')
})

test('a NameNode that is away for some seconds is asked when it is back, and nothing is written twice', async () => {
  await using opened = await openWriter()
  const { server, writer } = opened
  const away = answerWith(503, '')
  server.fail('APPEND data', storeAndBreak(2))
  server.fail('GETFILESTATUS', away, remoteException(403, 'SafeModeException'), away)
  await writer.write([Buffer.from('once')])

  await writer.hflush()

  assert.equal(String(server.files.get('/file')), 'once')
})

test('a file that somebody else changed is not written to any more', async () => {
  await using opened = await openWriter()
  const { server, writer } = opened
  server.fail('APPEND data', ({ store, response }) => {
    store(Buffer.from('somebody else was here'))
    response.destroy()
  })
  await writer.write([Buffer.from('mine')])

  assert.equal(await kindOf(writer.hflush()), 'other')
})

test('a file that was deleted is missing', async () => {
  await using opened = await openWriter()
  const { server, writer } = opened
  server.files.clear()
  await writer.write([Buffer.from('x')])

  assert.equal(await kindOf(writer.hflush()), 'missing')
})

test('a close that failed may be tried again and writes nothing twice', async () => {
  await using opened = await openWriter()
  const { server, writer } = opened
  server.fail('APPEND data', storeAndBreak(2))
  server.failFor('GETFILESTATUS', answerWith(503, ''))
  await writer.write([Buffer.from('footer')])

  const kinds = [await kindOf(writer.close()), await kindOf(writer.close())]
  server.failFor('GETFILESTATUS')
  kinds.push(await kindOf(writer.close()), await kindOf(writer.close()))

  assert.deepEqual(kinds, ['unreachable', 'unreachable', 'resolved', 'resolved'])
  assert.equal(String(server.files.get('/file')), 'footer')
})

test('a caller that gave up waiting may close: calls keep their order', async () => {
  await using opened = await openWriter()
  const { server, writer } = opened
  const release = Promise.withResolvers<void>()
  server.fail('APPEND data', ({ store, bytes, response }) => {
    void release.promise.then(() => {
      store(bytes)
      response.writeHead(200).end()
    })
  })
  await writer.write([Buffer.from('x')])

  const calls = [writer.hflush(), writer.close()]
  for (let i = 0; i < 20; i++) await fetch(`http://${server.address}/webhdfs/v1/file?op=GETFILESTATUS`)
  release.resolve()
  await Promise.all(calls)

  assert.equal(String(server.files.get('/file')), 'x')
  assert.equal(server.requests.filter(request => request === 'APPEND data /file').length, 1)
  assert.equal(await kindOf(writer.write([Buffer.from('y')])), 'other')
})

test('bytes that readers see were written, even though the append could not be completed', async () => {
  await using opened = await openWriter()
  const { server, writer } = opened
  await writer.write([Buffer.from('one ')])
  await writer.hflush()
  server.fail('APPEND data', storeAndHold())
  await writer.write([Buffer.from('two ')])

  await writer.hflush()
  await writer.write([Buffer.from('three')])
  const refused: unknown = await writer.hflush().catch((error: unknown) => error)

  assert.ok(refused instanceof AgentError)
  assert.deepEqual(
    [refused.facts['held'], refused.facts['notApplied'], String(server.files.get('/file'))],
    [true, true, 'one ']
  )
})

for (const [arrived, fault] of [
  ['all', storeAndHold()],
  ['half', storeAndHold(2)],
  ['nothing', storeAndHold(0)]
] as const) {
  test(`a file that is held for an append of which ${arrived} arrived is not closed before it is given back`, async () => {
    await using opened = await openWriter()
    const { server, writer } = opened
    server.fail('APPEND data', fault)
    await writer.write([Buffer.from('text')])
    await writer.hflush().catch(() => undefined)

    const early: unknown = await writer.close().catch((error: unknown) => error)
    server.recover('/file')
    await writer.close()

    assert.ok(early instanceof AgentError && early.facts['held'] === true)
    assert.equal(writer.position, server.files.get('/file')?.length)
  })
}

test('while it cannot be asked whether a file is held, it is not closed', async () => {
  await using opened = await openWriter()
  const { server, writer } = opened
  server.fail('APPEND data', breakConnection)
  server.failFor('GETFILESTATUS', answerWith(503, ''))
  await writer.write([Buffer.from('lost')])

  const kinds = [await kindOf(writer.hflush()), await kindOf(writer.close())]
  server.failFor('GETFILESTATUS')
  server.failFor('APPEND', answerWith(503, ''))
  kinds.push(await kindOf(writer.close()))
  server.failFor('APPEND')
  kinds.push(await kindOf(writer.close()))

  assert.deepEqual(kinds, ['unreachable', 'unreachable', 'unreachable', 'resolved'])
})

for (const exception of ['DSQuotaExceededException', 'FileNotFoundException']) {
  test(`${exception} tells that nobody holds the file`, async () => {
    await using opened = await openWriter()
    const { server, writer } = opened
    server.fail('APPEND data', breakConnection)
    server.failFor('GETFILESTATUS', answerWith(503, ''))
    await writer.write([Buffer.from('lost')])
    await writer.hflush().catch(() => undefined)
    server.failFor('GETFILESTATUS')

    server.fail('APPEND data', remoteException(403, exception))
    await writer.close()
  })
}

test('a file that was made but could not be closed is closed once it is given back', async () => {
  await using opened = await openWriter()
  const { server, store } = opened
  server.fail('CREATE data', storeAndHold())
  const writer = await store.create('/made')
  server.files.set('/made', Buffer.alloc(0))
  await writer.write([Buffer.from('x')])

  const kinds = [await kindOf(writer.hflush()), await kindOf(writer.close())]
  server.recover('/made')
  kinds.push(await kindOf(writer.close()))

  assert.deepEqual(kinds, ['unavailable', 'unavailable', 'resolved'])
  assert.equal(server.files.get('/made')?.length, 0)
})

const faults: readonly (Fault | undefined)[] = [
  undefined,
  undefined,
  storeAndBreak(),
  storeAndBreak(0),
  storeAndBreak(3),
  storeAndHold(),
  storeAndHold(3),
  held,
  pipelineBroke,
  answerWith(500, ''),
  remoteException(403, 'DSQuotaExceededException')
]

test('whatever goes wrong, every acknowledged flush is in the file once, in order', async () => {
  const story = fc.array(
    fc.record({
      text: fc.string({ minLength: 1, maxLength: 12 }),
      faults: fc.array(fc.constantFrom(...faults), { maxLength: 3 })
    }),
    { maxLength: 6 }
  )

  await fc.assert(
    fc.asyncProperty(story, async steps => {
      await using opened = await openWriter()
      const { server, writer } = opened
      let acknowledged = ''
      const visible = () => String(server.held.get('/file') ?? server.files.get('/file'))
      for (const step of steps) {
        for (const fault of step.faults) if (fault !== undefined) server.fail('APPEND data', fault)
        await writer.write([Buffer.from(step.text)])
        if ((await kindOf(writer.hflush())) !== 'resolved') break
        acknowledged += step.text
        assert.equal(visible(), acknowledged)
      }
      if ((await kindOf(writer.close())) !== 'resolved') {
        server.failFor('APPEND data')
        if (server.held.has('/file')) server.recover('/file')
        await writer.close()
      }
      assert.ok(String(server.files.get('/file')).startsWith(acknowledged))
    }),
    { numRuns: 40 }
  )
})
