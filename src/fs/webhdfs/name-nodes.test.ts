import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { AgentError } from '../../core/errors.ts'
import { FakeWebHdfs, redirectTo, remoteException } from '../../testing/webhdfs-server.ts'
import { deadAddress, kindOf, openStore, standby } from './testing/open-store.ts'

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

test('closing the store ends a wait for a NameNode', async () => {
  await using server = await FakeWebHdfs.start()
  const { promise: waiting, resolve: sleeps } = Promise.withResolvers<void>()
  const sleep = async (_ms: number, signal?: AbortSignal): Promise<void> => {
    sleeps()
    if (signal !== undefined) await once(signal, 'abort')
  }
  await using store = openStore([server.address], { clock: { monotonic: () => 0, sleep } })
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
