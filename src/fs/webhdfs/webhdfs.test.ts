import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { AgentError } from '../../core/errors.ts'
import {
  answerWith,
  breakConnection,
  FakeWebHdfs,
  redirectTo,
  remoteException,
  silence
} from '../../testing/webhdfs-server.ts'
import { fileErrorKind } from '../file-errors.ts'
import { WebHdfsFileSystem } from './webhdfs.ts'
import type { WebHdfsSettings } from './settings.ts'

function openStore(
  addresses: readonly string[],
  more: Partial<WebHdfsSettings> = {}
): WebHdfsFileSystem & AsyncDisposable {
  let now = 0
  const clock = {
    now: () => now,
    sleep: async (ms: number) => {
      now += ms
    }
  }
  const fileSystem = new WebHdfsFileSystem({
    uri: 'webhdfs://test',
    nameNodes: addresses.map(address => `http://${address}`),
    identity: { 'user.name': 'flume' },
    defaults: {},
    umask: 0o022,
    timeoutMs: 5_000,
    clock,
    ...more
  })
  return Object.assign(fileSystem, { [Symbol.asyncDispose]: () => fileSystem.close() })
}

const standby = remoteException(
  403,
  'StandbyException',
  'Operation category READ is not supported in state standby.'
)

/** An address at which nobody listens. */
async function deadAddress(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return `127.0.0.1:${port}`
}

async function kindOf(pending: Promise<unknown>): Promise<string> {
  return await pending.then(
    () => 'resolved',
    (error: unknown) => {
      assert.ok(error instanceof AgentError, String(error))
      return error.code === 'ERR_FILE_SYSTEM' ? fileErrorKind(error) : error.code
    }
  )
}

test('each exception of the server has its kind', async () => {
  await using server = await FakeWebHdfs.start()
  await using store = openStore([server.address])
  const kinds: Record<string, string> = {}
  const exceptions = [
    'FileNotFoundException',
    'FileAlreadyExistsException',
    'AccessControlException',
    'AuthorizationException',
    'DSQuotaExceededException',
    'StandbyException',
    'SafeModeException',
    'RetriableException',
    'IOException'
  ]

  for (const exception of exceptions) {
    server.failFor('MKDIRS', remoteException(403, exception))
    kinds[exception] = await kindOf(store.mkdirs('/x'))
  }

  assert.deepEqual(Object.values(kinds), [
    'missing',
    'exists',
    'denied',
    'denied',
    'full',
    'unavailable',
    'unavailable',
    'unavailable',
    'other'
  ])
})

test('answers that are not WebHDFS are told apart', async () => {
  await using server = await FakeWebHdfs.start()
  await using store = openStore([server.address])
  const answers = [
    [401, ''],
    [403, 'no'],
    [404, '<h1>Not found</h1>'],
    [503, ''],
    [500, '{"RemoteException":7}'],
    [200, '<html>'],
    [200, '[]']
  ] as const
  server.fail('MKDIRS', ...answers.map(([status, text]) => answerWith(status, text)))

  const kinds: string[] = []
  for (const _ of answers) kinds.push(await kindOf(store.mkdirs('/x')))

  assert.deepEqual(kinds, ['denied', 'denied', 'other', 'unreachable', 'other', 'other', 'other'])
})

test('an answer without end is cut off', async () => {
  await using server = await FakeWebHdfs.start()
  await using store = openStore([server.address])
  server.fail('MKDIRS', ({ response }) => {
    Readable.from(
      (function* () {
        for (;;) yield Buffer.alloc(1024 * 1024)
      })()
    ).pipe(response)
  })

  await assert.rejects(store.mkdirs('/x'), {
    facts: {
      path: '/x',
      kind: 'other',
      reason: 'The answer is too large.',
      server: server.address,
      maxBytes: 16 * 1024 * 1024
    }
  })
})

test('a server that never answers ends in ERR_TIMEOUT', async () => {
  await using server = await FakeWebHdfs.start()
  await using store = openStore([server.address], { timeoutMs: 50 })
  server.fail('CREATE data', silence)
  server.fail('MKDIRS', silence)

  assert.deepEqual(
    [await kindOf(store.create('/x')), await kindOf(store.mkdirs('/x'))],
    ['ERR_TIMEOUT', 'ERR_TIMEOUT']
  )
})

test('a standby NameNode sends on to the active one, which is asked first from then on', async () => {
  await using passive = await FakeWebHdfs.start()
  await using active = await FakeWebHdfs.start()
  await using store = openStore([await deadAddress(), passive.address, active.address])
  passive.fail('GETFILESTATUS', standby)
  active.files.set('/x', Buffer.from('x'))

  const first = await store.stat('/x')
  const second = await store.stat('/x')

  assert.deepEqual([first?.size, second?.size], [1, 1])
  assert.deepEqual([passive.requests.length, active.requests.length], [1, 2])
})

test('while no NameNode is active they are all asked again, for some seconds', async () => {
  await using first = await FakeWebHdfs.start()
  await using second = await FakeWebHdfs.start()
  await using store = openStore([first.address, await deadAddress(), second.address])
  for (const server of [first, second]) server.fail('GETFILESTATUS', standby, standby)
  second.files.set('/x', Buffer.from('x'))
  first.fail('GETFILESTATUS', standby)

  const status = await store.stat('/x')
  for (const server of [first, second]) server.failFor('DELETE', standby)

  assert.equal(status?.size, 1)
  assert.equal(await kindOf(store.delete('/x')), 'unavailable')
})

test('a NameNode that is alone and stands by is not asked again; one that is starting is', async () => {
  await using server = await FakeWebHdfs.start()
  await using store = openStore([server.address])
  server.fail('DELETE', standby, remoteException(403, 'RetriableException', 'NameNode still not started'))

  const alone = await kindOf(store.delete('/x'))
  await store.delete('/x')

  assert.deepEqual([alone, server.requests.length], ['unavailable', 3])
})

test('a DataNode that was sent by a NameNode that stands by: the other NameNode is asked', async () => {
  await using former = await FakeWebHdfs.start()
  await using active = await FakeWebHdfs.start()
  await using store = openStore([former.address, active.address])
  former.fail('CREATE data', standby)

  await (await store.create('/x')).close()
  const size = (await store.stat('/x'))?.size

  assert.deepEqual([size, former.requests], [0, ['CREATE /x', 'CREATE data /x']])
  assert.deepEqual(active.requests, ['CREATE /x', 'CREATE data /x', 'GETFILESTATUS /x'])
})

test('a read that a DataNode refuses because of a failover comes from the other NameNode', async () => {
  await using former = await FakeWebHdfs.start()
  await using active = await FakeWebHdfs.start()
  await using store = openStore([former.address, active.address])
  for (const server of [former, active]) server.files.set('/x', Buffer.from(server.address))
  former.fail('OPEN data', standby)

  assert.equal(String(Buffer.concat(await Array.fromAsync(store.read('/x')))), active.address)
})

test('bytes that a DataNode took before a failover are not sent twice', async () => {
  await using former = await FakeWebHdfs.start()
  await using active = await FakeWebHdfs.start()
  await using store = openStore([former.address, active.address])
  const writer = await store.create('/x')
  active.files.set('/x', Buffer.from('abc'))
  former.fail('APPEND data', standby)
  await writer.write([Buffer.from('abcdef')])

  await writer.hflush()

  assert.equal(String(active.files.get('/x')), 'abcdef')
})

test('a NameNode is remembered whatever it answers, but that it stands by', async () => {
  await using former = await FakeWebHdfs.start()
  await using active = await FakeWebHdfs.start()
  await using store = openStore([former.address, active.address])
  former.fail('GETFILESTATUS', standby)
  active.fail(
    'DELETE',
    remoteException(403, 'SafeModeException', 'Cannot delete /x. Name node is in safe mode.')
  )

  const missing = await store.stat('/x')
  const refused = await kindOf(store.delete('/x'))

  assert.deepEqual(
    [missing, refused, former.requests.length, active.requests.length],
    [undefined, 'unavailable', 1, 2]
  )
})

test("a gateway's general exceptions count by their sentence", async () => {
  await using gateway = await FakeWebHdfs.start()
  await using other = await FakeWebHdfs.start()
  await using store = openStore([gateway.address, other.address])
  const category =
    'Operation category WRITE is not supported in state standby. Visit https://s.apache.org/sbnn-error'
  gateway.files.set('/x', Buffer.from('x'))
  gateway.fail('DELETE', remoteException(500, 'RemoteException', category))
  other.fail(
    'DELETE',
    remoteException(500, 'RemoteException', 'Cannot delete /x. Name node is in safe mode.')
  )

  const error: unknown = await store.delete('/x').catch((thrown: unknown) => thrown)

  assert.ok(error instanceof AgentError)
  assert.deepEqual(
    [error.facts['kind'], error.facts['exception'], error.facts['server']],
    ['unavailable', 'SafeModeException', other.address]
  )
})

test('an error has every sentence of the server, and nothing of its stack', async () => {
  await using server = await FakeWebHdfs.start()
  await using store = openStore([server.address])
  const message =
    'Name node is in safe mode.\nThe reported blocks 0 needs additional 10 blocks.\n\tat org.example.A(A.java:1)'
  server.fail('DELETE', remoteException(403, 'SafeModeException', message))

  await assert.rejects(store.delete('/x'), (error: AgentError) => {
    assert.equal(
      error.facts['reason'],
      'Name node is in safe mode. The reported blocks 0 needs additional 10 blocks.'
    )
    return true
  })
})

test('closing the store ends a wait for a NameNode', async () => {
  await using server = await FakeWebHdfs.start()
  const { promise: waiting, resolve: sleeps } = Promise.withResolvers<void>()
  const sleep = async (_ms: number, signal?: AbortSignal): Promise<void> => {
    sleeps()
    if (signal !== undefined) await once(signal, 'abort')
  }
  await using store = openStore([server.address], { clock: { now: () => 0, sleep } })
  server.fail('DELETE', remoteException(403, 'RetriableException'))

  const refused = kindOf(store.delete('/x'))
  await waiting
  await store.close()

  assert.equal(await refused, 'unavailable')
})

test('a dead DataNode is named and another one asked for', async () => {
  await using server = await FakeWebHdfs.start()
  await using store = openStore([server.address])
  server.fail('CREATE', redirectTo(`http://${await deadAddress()}/webhdfs/v1/x?op=CREATE`))

  await (await store.create('/x')).close()

  assert.equal(server.lastQuery.get('excludedatanodes'), '127.0.0.1')
  assert.deepEqual(server.requests, ['CREATE /x', 'CREATE /x', 'CREATE data /x'])
})

test('when every DataNode is dead nothing was written, and the error names them', async () => {
  await using server = await FakeWebHdfs.start()
  await using store = openStore([server.address])
  const dead = redirectTo(`http://${await deadAddress()}/webhdfs/v1/x?op=CREATE`)
  server.fail(
    'CREATE',
    dead,
    dead,
    remoteException(403, 'IOException', 'Failed to find datanode, suggest to check cluster health.')
  )

  await assert.rejects(store.create('/x'), (error: AgentError) => {
    assert.deepEqual(
      [error.facts['kind'], error.facts['dataNodes'], error.facts['notApplied']],
      ['unreachable', ['127.0.0.1'], true]
    )
    return true
  })
  assert.equal(server.files.size, 0)
})

test('a redirect to something else than HTTP is refused', async () => {
  await using server = await FakeWebHdfs.start()
  await using store = openStore([server.address])
  server.fail('CREATE', redirectTo('file:///etc/passwd'))

  assert.equal(await kindOf(store.create('/x')), 'other')
})

test('a file that another writer is creating exists', async () => {
  await using server = await FakeWebHdfs.start()
  await using store = openStore([server.address])
  server.fail('CREATE data', remoteException(403, 'AlreadyBeingCreatedException'))

  assert.equal(await kindOf(store.create('/x')), 'exists')
})

test('a rename whose answer got lost is looked up', async () => {
  await using server = await FakeWebHdfs.start()
  await using store = openStore([server.address])
  server.files.set('/a', Buffer.from('a')).set('/c', Buffer.from('c'))
  server.fail(
    'RENAME',
    ({ response }) => {
      server.files.set('/b', Buffer.from('a'))
      server.files.delete('/a')
      response.destroy()
    },
    breakConnection
  )

  await store.rename('/a', '/b')

  assert.equal(await kindOf(store.rename('/c', '/d')), 'unreachable')
  assert.deepEqual([...server.files.keys()], ['/c', '/b'])
})

test('a question whose answer got lost is asked once more', async () => {
  await using server = await FakeWebHdfs.start()
  await using store = openStore([server.address])
  server.files.set('/a', Buffer.from('a'))
  server.fail('GETFILESTATUS', breakConnection)

  assert.equal((await store.stat('/a'))?.size, 1)
})

test('a listing comes from servers that know no pages', async () => {
  await using server = await FakeWebHdfs.start()
  await using store = openStore([server.address])
  server.fail('GETFILESTATUS', answerWith(200, '{"FileStatus":{"type":"DIRECTORY"}}'))
  server.fail(
    'LISTSTATUS',
    answerWith(
      200,
      '{"FileStatuses":{"FileStatus":[{"pathSuffix":"b","type":"FILE"},{"pathSuffix":"a","type":"DIRECTORY"}]}}'
    )
  )

  assert.deepEqual(
    (await store.list('/dir')).map(({ path, type }) => [path, type]),
    [
      ['/dir/a', 'directory'],
      ['/dir/b', 'file']
    ]
  )
})

test('statuses that make no sense are read as far as they go', async () => {
  await using server = await FakeWebHdfs.start()
  await using store = openStore([server.address])
  server.fail(
    'GETFILESTATUS',
    answerWith(200, '{"FileStatus":{"length":-5,"permission":"rwx","owner":3}}'),
    answerWith(200, '{}')
  )

  const status = await store.stat('/x')

  assert.deepEqual(
    [status?.size, status?.mode, status?.owner, status?.type],
    [0, undefined, undefined, 'file']
  )
  assert.equal(await kindOf(store.stat('/x')), 'other')
})

test('who we are goes with each request and into no error', async () => {
  await using server = await FakeWebHdfs.start()
  await using store = openStore([server.address], { identity: { delegation: 'SECRET-TOKEN' } })
  server.fail('MKDIRS', remoteException(403, 'InvalidToken', 'token expired'))

  const error: unknown = await store.mkdirs('/x').catch((thrown: unknown) => thrown)

  assert.equal(server.lastQuery.get('delegation'), 'SECRET-TOKEN')
  assert.equal(fileErrorKind(error), 'denied')
  assert.doesNotMatch(`${String(error)} ${JSON.stringify(error)}`, /SECRET/)
})

test('a lease is waited for, with growing pauses and not for ever', async () => {
  await using server = await FakeWebHdfs.start()
  await using store = openStore([server.address])
  server.files.set('/x', Buffer.from('x'))
  const held = remoteException(403, 'AlreadyBeingCreatedException')
  server.fail('APPEND data', held, held, held)

  assert.equal(await store.recoverLease('/x'), true)
  server.fail('APPEND data', ...Array.from({ length: 100 }, () => held))
  assert.equal(await store.recoverLease('/x'), false)
  assert.equal(String(server.files.get('/x')), 'x')
})

test('a broken connection while reading is an error, not an end', async () => {
  await using server = await FakeWebHdfs.start()
  await using store = openStore([server.address])
  server.files.set('/x', Buffer.from('whole'))
  server.fail('OPEN data', ({ response }) => {
    response.writeHead(200, { 'content-length': 5 })
    response.write('who', () => response.destroy())
  })

  assert.equal(await kindOf(Array.fromAsync(store.read('/x'))), 'unreachable')
})

test('swebhdfs speaks TLS, and only to servers whose certificate is trusted', async t => {
  const folder = join(import.meta.dirname, '../../../test/fixtures/tls')
  const [cert, key] = [await readFile(join(folder, 'server.pem')), await readFile(join(folder, 'server.key'))]
  await using server = await FakeWebHdfs.start({ cert, key })
  const nameNodes = [`https://${server.address}`]
  await using stranger = openStore([], { nameNodes })

  const refused: unknown = await stranger.create('/x').catch((error: unknown) => error)
  const trusted = getCACertificates('default')
  t.after(() => setDefaultCACertificates(trusted))
  setDefaultCACertificates([...trusted, cert.toString()])
  await using store = openStore([], { nameNodes })
  const writer = await store.create('/x')
  await writer.write([Buffer.from('secret')])
  await writer.close()

  assert.ok(refused instanceof AgentError && /self-signed/.test(String(refused.facts['reason'])))
  assert.deepEqual([fileErrorKind(refused), refused.facts['notApplied']], ['unreachable', true])
  assert.equal(String(Buffer.concat(await Array.fromAsync(store.read('/x')))), 'secret')
})
