import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { AgentError } from '../../core/errors.ts'
import { openFileSystem } from '../open.ts'
import type { OpenOptions } from '../options.ts'

/** A folder `home/conf` with these properties in its core-site.xml, and the options to open URIs with it. */
export async function withSite(
  t: TestContext,
  properties: Readonly<Record<string, string>>,
  more: Partial<OpenOptions> = {}
): Promise<{ home: string; options: OpenOptions }> {
  const home = await mkdtemp(join(tmpdir(), 'millrace-home-'))
  t.after(() => rm(home, { recursive: true }))
  await mkdir(join(home, 'conf'))
  await writeSite(join(home, 'conf', 'core-site.xml'), properties)
  const environment = { variables: { FLUME_HOME: home }, properties: {}, configDirectory: join(home, 'conf') }
  return { home, options: { environment, user: 'flume', ...more } }
}

/** A site file with these properties, the first one in line 2. */
export async function writeSite(file: string, properties: Readonly<Record<string, string>>): Promise<void> {
  const entries = Object.entries(properties).map(
    ([name, value]) => `<property><name>${name}</name><value>${value}</value></property>\n`
  )
  await writeFile(file, `<configuration>\n${entries.join('')}</configuration>`)
}

/** The error that opening `uri` ends in. */
export async function refusal(uri: string, options: OpenOptions): Promise<AgentError> {
  const error: unknown = await openFileSystem(uri, options).catch((thrown: unknown) => thrown)
  assert.ok(error instanceof AgentError, String(error))
  return error
}

/** What asking for the status of what `uri` names ends in. */
export async function failure(uri: string, options: OpenOptions): Promise<AgentError> {
  const { fileSystem, path } = await openFileSystem(uri, options)
  const error: unknown = await fileSystem.stat(path).catch((thrown: unknown) => thrown)
  await fileSystem.close()
  assert.ok(error instanceof AgentError, String(error))
  return error
}

/** The store and the path that `uri` names. */
export async function placeOf(uri: string, options: OpenOptions): Promise<string> {
  const { fileSystem, path } = await openFileSystem(uri, options)
  await fileSystem.close()
  return `${fileSystem.uri} ${path}`
}

/** A server that answers whatever it is sent with `text`. */
export async function answering(text: string): Promise<{ address: string } & AsyncDisposable> {
  const server = createServer(socket => {
    socket.once('data', () => socket.end(text, 'latin1'))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.close()
      await once(server, 'close')
    }
  }
}
