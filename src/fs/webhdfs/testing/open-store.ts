import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { AgentError } from '../../../core/errors.ts'
import { remoteException } from '../../../testing/webhdfs-server.ts'
import { fileErrorKind } from '../../file-errors.ts'
import type { WebHdfsSettings } from '../settings.ts'
import { WebHdfsFileSystem } from '../webhdfs.ts'

/** A client of fake servers, whose pauses take no time. */
export function openStore(
  addresses: readonly string[],
  more: Partial<WebHdfsSettings> = {}
): WebHdfsFileSystem & AsyncDisposable {
  let now = 0
  const clock = {
    monotonic: () => now,
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

/** What a NameNode answers that is not the active one. */
export const standby = remoteException(
  403,
  'StandbyException',
  'Operation category READ is not supported in state standby.'
)

/** An address at which nobody listens. */
export async function deadAddress(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return `127.0.0.1:${port}`
}

/** `kind` of the error that the call ends with, or its code. */
export async function kindOf(pending: Promise<unknown>): Promise<string> {
  return await pending.then(
    () => 'resolved',
    (error: unknown) => {
      assert.ok(error instanceof AgentError, String(error))
      return error.code === 'ERR_FILE_SYSTEM' ? fileErrorKind(error) : error.code
    }
  )
}
