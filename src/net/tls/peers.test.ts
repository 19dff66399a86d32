import assert from 'node:assert/strict'
import { once } from 'node:events'
import { copyFile, mkdir, mkdtemp, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { connect, createServer, type Server, type TLSSocket } from 'node:tls'
import { systemCode } from '../../core/errors.ts'
import { fakeSinkContext } from '../../testing/fake-context.ts'
import { clientOptions, followFiles, serverOptions } from './peers.ts'
import { clientOf, fixturePath, serverOf, storeFile } from './testing/fixture-files.ts'
import { TlsFiles } from './tls-files.ts'
import type { ClientTls, ServerTls } from './tls-options.ts'

/** A server that greets each client; `https` serves by node:https instead. */
async function started(t: TestContext, tls: ServerTls, https = false) {
  const context = fakeSinkContext()
  const files = new TlsFiles(tls, context)
  const server: Server = https
    ? createHttpsServer(serverOptions(files, tls))
    : createServer(serverOptions(files, tls), socket => socket.on('error', () => {}).end('hello'))
  followFiles(server, files, context)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(async () => {
    server.close()
    await once(server, 'close')
  })
  return { server, context, port: (server.address() as AddressInfo).port }
}

/** What a client of these options meets: the name in the certificate, protocol and suite; or why it does not come in. */
async function met(
  port: number,
  tls: ClientTls,
  files = new TlsFiles(tls, fakeSinkContext())
): Promise<string> {
  const socket: TLSSocket = connect({ host: '127.0.0.1', port, ...clientOptions(files, tls) })
  try {
    await once(socket, 'secureConnect')
    const name = `${String(socket.getPeerCertificate().subject.CN)} ${socket.getProtocol()} ${socket.getCipher().standardName}`
    const greeting = await text(socket)
    return greeting === 'hello' ? name : `closed: ${greeting}`
  } catch (error) {
    return systemCode(error) ?? String(error)
  } finally {
    socket.destroy()
  }
}

const ISSUED = 'issued TLSv1.3 TLS_AES_256_GCM_SHA384'

for (const trustStore of [
  storeFile('ca.pem'),
  storeFile('trust-ca.jks'),
  { path: fixturePath('trust-ca.jks') },
  storeFile('trust-issued.p12')
]) {
  test(`a certificate is accepted by ${trustStore.path.replace(/.*\//, '')}${trustStore.password ? '' : ' without password'}`, async t => {
    const { port } = await started(t, serverOf())

    assert.equal(await met(port, clientOf({ trustStore })), ISSUED)
  })
}

for (const keyStore of [storeFile('client.p12'), storeFile('client.jks')]) {
  test(`a server shows the certificate of ${keyStore.path.replace(/.*\//, '')}`, async t => {
    const { port } = await started(t, serverOf({ keyStore }))

    assert.equal(await met(port, clientOf({ trustAll: true })), ISSUED.replace('issued', 'client'))
  })
}

test('the key may be encrypted, and stand in a file of its own', async t => {
  const keyStore = {
    ...storeFile('issued-chain.pem'),
    keyPath: fixturePath('issued-encrypted.key')
  }
  const { port } = await started(t, serverOf({ keyStore }))

  assert.equal(await met(port, clientOf()), ISSUED)
})

test('who is not trusted is refused, unless everybody is', async t => {
  const { port } = await started(
    t,
    serverOf({ keyStore: { path: fixturePath('server.pem'), keyPath: fixturePath('server.key') } })
  )

  assert.equal(await met(port, clientOf()), 'DEPTH_ZERO_SELF_SIGNED_CERT')
  assert.equal(await met(port, clientOf({ trustStore: undefined })), 'DEPTH_ZERO_SELF_SIGNED_CERT')
  assert.match(await met(port, clientOf({ trustAll: true, checkHostName: false })), /^127\.0\.0\.1 TLSv1\.3/)
})

test('the name in the certificate counts where it is asked for', async t => {
  const keyStore = { path: fixturePath('elsewhere.pem'), keyPath: fixturePath('elsewhere.key') }
  const { port } = await started(t, serverOf({ keyStore }))

  assert.equal(await met(port, clientOf()), 'ERR_TLS_CERT_ALTNAME_INVALID')
  assert.equal(
    await met(port, clientOf({ checkHostName: false })),
    ISSUED.replace('issued', 'elsewhere.example')
  )
})

test('clients that need a certificate are refused without it, and with one that is not trusted', async t => {
  const { port, context, server } = await started(
    t,
    serverOf({ clientsNeedCertificate: true, trustStore: storeFile('trust-ca.jks') })
  )
  const stranger = { path: fixturePath('server.pem'), keyPath: fixturePath('server.key') }

  const refused = async (client: ClientTls): Promise<string> => {
    const said = once(server, 'tlsClientError')
    const reason = await met(port, client)
    await said
    await context.clock.advance(60_000)
    return reason
  }
  const reasons = [await refused(clientOf({ keyStore: stranger })), await refused(clientOf())]

  assert.deepEqual(reasons, ['closed: ', 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'])
  assert.equal(await met(port, clientOf({ keyStore: storeFile('client.p12') })), ISSUED)
  const sentence = 'Clients did not come to terms by TLS.'
  assert.deepEqual(
    context.log.lines.map(({ message, facts }) => [message, facts['reason']]),
    [
      [sentence, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
      [sentence, context.log.lines[1]?.facts['reason']]
    ]
  )
  assert.match(String(context.log.lines[1]?.facts['reason']), /peer did not return a certificate/)
})

test('protocols and cipher suites are those of both sides', async t => {
  const only12 = { include: [], exclude: ['TLSv1.3', 'SSLv3'] }
  const suites = { include: ['TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256'], exclude: [] }
  const { port } = await started(t, serverOf({ protocols: only12 }))

  assert.equal(await met(port, clientOf()), 'issued TLSv1.2 TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256')
  assert.equal(
    await met(port, clientOf({ cipherSuites: suites })),
    'issued TLSv1.2 TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256'
  )
  assert.equal(
    await met(port, clientOf({ protocols: { include: ['TLSv1.3'], exclude: [] } })),
    'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION'
  )
})

/** A folder like the one in which Kubernetes shows a secret: names lead through `..data`, which is exchanged. */
async function secretFolder(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-tls-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  for (const [name, file] of [
    ['tls.crt', 'cert'],
    ['tls.key', 'key']
  ] as const)
    await symlink(join('..data', file), join(folder, name))
  let version = 0
  const show = async (cert: string, key: string): Promise<void> => {
    const next = `..version-${++version}`
    await mkdir(join(folder, next))
    await copyFile(fixturePath(cert), join(folder, next, 'cert'))
    await copyFile(fixturePath(key), join(folder, next, 'key'))
    await symlink(next, join(folder, '..next'))
    await rename(join(folder, '..next'), join(folder, '..data'))
  }
  return {
    folder,
    show,
    keyStore: { path: join(folder, 'tls.crt'), keyPath: join(folder, 'tls.key') }
  }
}

for (const https of [false, true]) {
  test(`a server ${https ? 'of HTTPS ' : ''}shows the new certificate once a symbolic link was exchanged`, async t => {
    const { show, keyStore } = await secretFolder(t)
    await show('issued-chain.pem', 'issued.key')
    const { port, context, server } = await started(t, serverOf({ keyStore }), https)
    if (https) server.on('secureConnection', (socket: TLSSocket) => socket.end('hello'))
    const client = clientOf({ checkHostName: false })

    assert.equal(await met(port, client), ISSUED)
    await show('elsewhere.pem', 'elsewhere.key')
    await context.clock.advance(9_000)
    assert.equal(await met(port, client), ISSUED)
    await context.clock.advance(1_000)
    assert.equal(await met(port, client), ISSUED.replace('issued', 'elsewhere.example'))
    assert.deepEqual(
      context.log.lines.map(({ message }) => message),
      ['The files for TLS have changed; new connections use them.']
    )
  })
}

test('what cannot be used is said once, and changes nothing, until it can be used', async t => {
  const { show, keyStore, folder } = await secretFolder(t)
  await show('issued-chain.pem', 'issued.key')
  const { port, context } = await started(t, serverOf({ keyStore }))
  const client = clientOf({ checkHostName: false })
  const later = async (): Promise<string> => {
    await context.clock.advance(10_000)
    return await met(port, client)
  }

  await show('elsewhere.pem', 'issued.key')
  assert.deepEqual([await later(), await later()], [ISSUED, ISSUED])
  await unlink(join(folder, '..data'))
  assert.equal(await later(), ISSUED)
  await show('issued-chain.pem', 'issued.key')
  assert.equal(await later(), ISSUED)
  await writeFile(keyStore.path, 'no certificate')
  assert.equal(await later(), ISSUED)
  await show('elsewhere.pem', 'elsewhere.key')
  assert.equal(await later(), ISSUED.replace('issued', 'elsewhere.example'))

  const file = `The key or trust store ${keyStore.path} cannot be used`
  assert.deepEqual(
    context.log.lines.map(({ level, facts }) => [level, facts['reason']]),
    [
      ['warn', `${file}: Its private key does not belong to its first certificate.`],
      ['warn', `${file}: There is no such file.`],
      ['warn', `${file}: Its password is not given.`],
      ['info', undefined]
    ]
  )
})

test('a client trusts by the trust store as it is when it connects', async t => {
  const { port } = await started(t, serverOf())
  const folder = await mkdtemp(join(tmpdir(), 'millrace-tls-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const path = join(folder, 'trust')
  await copyFile(fixturePath('server.pem'), path)
  const client = clientOf({ trustStore: { path, password: 'password' } })
  const context = fakeSinkContext()
  const files = new TlsFiles(client, context)

  const before = await met(port, client, files)
  await copyFile(fixturePath('trust-ca.jks'), path)
  await context.clock.advance(10_000)

  assert.deepEqual([before, await met(port, client, files)], ['SELF_SIGNED_CERT_IN_CHAIN', ISSUED])
})

test('a client that is not trusted any more does not come in by an old session', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-tls-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const path = join(folder, 'trust')
  await copyFile(fixturePath('ca.pem'), path)
  const { port, context } = await started(t, serverOf({ clientsNeedCertificate: true, trustStore: { path } }))
  const client = clientOf({ keyStore: storeFile('client.p12') })
  const files = new TlsFiles(client, fakeSinkContext())
  const again = async (session: Buffer | undefined) => {
    const socket = connect({ host: '127.0.0.1', port, session, ...clientOptions(files, client) })
    const sessions: Buffer[] = []
    socket.on('session', (ticket: Buffer) => sessions.push(ticket))
    const reused = once(socket, 'secureConnect').then(
      () => socket.isSessionReused(),
      () => false
    )
    const greeting = await text(socket).catch(systemCode)
    return { greeting, reused: await reused, session: sessions.at(-1) }
  }

  const first = await again(undefined)
  const second = await again(first.session)
  await copyFile(fixturePath('server.pem'), path)
  await context.clock.advance(10_000)
  const third = await again(second.session)

  assert.deepEqual([first.greeting, second.greeting, second.reused], ['hello', 'hello', true])
  assert.deepEqual([third.greeting === 'hello', third.reused], [false, false])
})
