import { open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { AgentError, messageOf, systemCode } from '../core/errors.ts'
import { decodeProperties } from '../java/properties.ts'
import type { Source } from './merge.ts'

/** Largest file that is read. */
const MOST_BYTES = 64 * 1024 * 1024

const PREFERRED = ['flume.conf', 'flume-conf.properties']

/**
 * The configuration files that a path of `-f` means: the file itself, or for a folder `flume.conf`,
 * `flume-conf.properties`, else the only `*.conf` or `*.properties` in it. Rejects with ERR_CONFIG.
 */
export async function configurationFiles(path: string): Promise<readonly string[]> {
  const status = await statOf(path)
  if (!status.isDirectory()) return [path]
  const names = (await readdir(path)).toSorted()
  const preferred = PREFERRED.find(name => names.includes(name))
  if (preferred !== undefined) return [join(path, preferred)]
  const candidates = names.filter(name => !name.startsWith('.') && /\.(?:conf|properties)$/.test(name))
  const [only] = candidates
  if (only !== undefined && candidates.length === 1) return [join(path, only)]
  throw new AgentError(
    'ERR_CONFIG',
    only === undefined
      ? `Unable to read file ${path}: the folder holds no flume.conf, flume-conf.properties or other *.conf or *.properties.`
      : `Unable to read file ${path}: the folder holds several configurations: ${candidates.join(', ')}. Name one of them with -f.`,
    { path }
  )
}

/** Reads one file as configuration text: UTF-8, or ISO-8859-1 when it is not. Rejects with ERR_CONFIG. */
export async function readConfiguration(path: string): Promise<Source> {
  const status = await statOf(path)
  if (status.isDirectory()) throw unreadable(path, 'it is a folder')
  try {
    await using file = await open(path)
    const bytes = Buffer.concat(
      (await file.createReadStream({ autoClose: false, end: MOST_BYTES }).toArray()) as Buffer[]
    )
    if (bytes.length > MOST_BYTES) throw unreadable(path, `it is larger than ${MOST_BYTES / 1024 / 1024} MiB`)
    const zero = bytes.indexOf(0)
    if (zero >= 0) throw unreadable(path, noText(bytes, zero))
    return { file: path, text: decodeProperties(bytes).text }
  } catch (error) {
    throw error instanceof AgentError ? error : unreadable(path, messageOf(error), error)
  }
}

function noText(bytes: Buffer, zero: number): string {
  const utf16 =
    (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff) || zero === 0
  return utf16
    ? 'it is UTF-16, as it seems; save it as UTF-8'
    : `it is no text: there is a NUL byte at offset ${zero}`
}

async function statOf(path: string) {
  try {
    return await stat(path)
  } catch (error) {
    const reason = {
      ENOENT: 'there is no such file',
      EACCES: 'it may not be read',
      ENOTDIR: 'a part of the path is no folder'
    }
    const code = systemCode(error) ?? ''
    throw unreadable(
      path,
      Object.hasOwn(reason, code) ? reason[code as keyof typeof reason] : messageOf(error),
      error
    )
  }
}

function unreadable(path: string, why: string, cause?: unknown): AgentError {
  return new AgentError('ERR_CONFIG', `Unable to read file ${path}: ${why}.`, { path }, cause)
}
