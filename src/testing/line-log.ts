import { join } from 'node:path'
import { BatchBuilder } from '../core/batch-builder.ts'
import type { EventBatch } from '../core/batch.ts'
import type { Disk } from '../store/disk.ts'
import type { EventLog } from '../store/flume-import/rewrite-log.ts'

/** A log that is one file of lines, each safe once put() resolved. */
export class LineLog implements EventLog {
  size = 0
  readonly #disk: Disk
  readonly #path: string
  #bytes: Buffer
  #taken = 0

  private constructor(disk: Disk, path: string, bytes: Buffer) {
    this.#disk = disk
    this.#path = path
    this.#bytes = bytes
    this.size = linesOf(bytes).length
  }

  static async open(folder: string, disk: Disk): Promise<LineLog> {
    const path = join(folder, SEGMENT)
    const file = await disk.open(path, { create: true, synced: false })
    const bytes = Buffer.alloc(await file.size())
    if (bytes.length > 0) await file.read(bytes, 0)
    await file.close()
    await disk.syncFolder(folder)
    return new LineLog(disk, path, bytes)
  }

  async put(batch: EventBatch): Promise<void> {
    let text = ''
    for (const event of batch)
      text += `${JSON.stringify({ headers: Object.fromEntries(event.headers), body: event.text })}\n`
    const file = await this.#disk.open(this.#path, { create: false, synced: true })
    const bytes = Buffer.from(text)
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at), this.#bytes.length + at)
    await file.close()
    this.#bytes = Buffer.concat([this.#bytes, bytes])
  }

  take(): ReturnType<EventLog['take']> {
    const lines = linesOf(this.#bytes)
    const line = lines[this.#taken]
    if (line === undefined) return Promise.resolve(undefined)
    const { body, headers } = JSON.parse(line) as { body: string; headers: Record<string, string> }
    return Promise.resolve({
      batch: new BatchBuilder().add(body, headers).build(),
      commit: () => {
        this.#taken++
        return Promise.resolve()
      },
      [Symbol.asyncDispose]: () => Promise.resolve()
    })
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

/** The name of its file. */
export const SEGMENT = 'seg-000000000001'

/** Its lines. */
export function linesOf(bytes: Buffer): string[] {
  return bytes
    .toString()
    .split('\n')
    .filter(line => line !== '')
}
