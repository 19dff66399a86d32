import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { AgentError } from '../../core/errors.ts'
import {
  answerWith,
  breakConnection,
  FakeWebHdfs,
  remoteException,
  silence
} from '../../testing/webhdfs-server.ts'
import { fileErrorKind } from '../file-errors.ts'
import { kindOf, openStore } from './testing/open-store.ts'

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

test('a file that another writer is creating exists', async () => {
  await using server = await FakeWebHdfs.start()
  await using store = openStore([server.address])
  server.fail('CREATE data', remoteException(403, 'AlreadyBeingCreatedException'))

  assert.equal(await kindOf(store.create('/x')), 'exists')
})

test('a file that somebody else renamed is missing, though its new name is taken', async () => {
  await using server = await FakeWebHdfs.start()
  await using store = openStore([server.address])
  server.files.set('/a', Buffer.from('a')).set('/b', Buffer.from('b'))

  const kinds = [await kindOf(store.rename('/a.tmp', '/a')), await kindOf(store.rename('/b', '/a'))]

  assert.deepEqual(kinds, ['missing', 'exists'])
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
