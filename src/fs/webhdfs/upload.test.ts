import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { clientOptions } from '../../net/tls/peers.ts'
import { certificateOf, clientOf, fixturePath } from '../../net/tls/testing/fixture-files.ts'
import { TlsFiles } from '../../net/tls/tls-files.ts'
import { FakeClock } from '../../testing/fake-clock.ts'
import { Uploader } from './upload.ts'

test('a server that is not trusted any more is not greeted as an old friend', async t => {
  const server = createServer(certificateOf('issued'), (request, response) => {
    request.resume()
    response.setHeader('connection', 'close').end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const optionsBy = (trusted: string) => {
    const client = clientOf({ trustStore: { path: fixturePath(trusted) } })
    return clientOptions(new TlsFiles(client, { clock: new FakeClock() }), client)
  }
  let tls = optionsBy('ca.pem')
  const uploader = new Uploader({ connectMs: 5_000, answerMs: 5_000, tls: () => tls })
  t.after(() => uploader.close())
  const url = new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  const upload = async (): Promise<number | undefined> => {
    const answer = await uploader.send({ method: 'PUT', url, path: '/x' }, [Buffer.from('x')])
    await once(answer.resume(), 'close')
    return answer.statusCode
  }

  const before = [await upload(), await upload()]
  tls = optionsBy('server.pem')

  assert.deepEqual(before, [200, 200])
  await assert.rejects(upload(), { code: 'SELF_SIGNED_CERT_IN_CHAIN' })
})
