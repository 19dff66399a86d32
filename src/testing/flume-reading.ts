import { checkpointFor } from '../store/flume-import/checkpoint.ts'
import { findFlumeLogs, openFlumeLogs, type KeyOfAlias } from '../store/flume-import/flume-logs.ts'
import { heldBatches, readFlumeFolder, type FlumeFolder } from '../store/flume-import/read-flume-folder.ts'
import { filesDisk, FlumeLogWriter, type FlumeFiles, type RecordedEvent } from './flume-folders.ts'

/** What a folder of Flume's was found to hold. */
export interface FolderRead {
  readonly folder: FlumeFolder
  readonly events: readonly RecordedEvent[]
}

export interface ReadingOptions {
  readonly verify?: boolean
  readonly keyOf?: KeyOfAlias
}

/** Reads all logs among the files as one channel. */
export async function readFlumeFiles(
  files: FlumeFiles,
  { verify = false, keyOf }: ReadingOptions = {}
): Promise<FolderRead> {
  const disk = filesDisk(files)
  const folders = [...new Set([...files.keys()].map(path => path.slice(0, path.lastIndexOf('/'))))]
  const logs = await openFlumeLogs(disk, await findFlumeLogs(disk, folders), keyOf)
  const folder = await readFlumeFolder(disk, logs, { verify })
  const events: RecordedEvent[] = []
  for await (const batch of heldBatches(disk, folder)) {
    for (const event of batch) events.push({ headers: Object.fromEntries(event.headers), body: event.text })
  }
  return { folder, events }
}

/** The bodies of the events held. */
export async function bodiesIn(files: FlumeFiles, options: ReadingOptions = {}): Promise<string[]> {
  return (await readFlumeFiles(files, options)).events.map(({ body }) => body)
}

/** Reads a recorded folder of a real Flume, with its checkpoints; `held` is what Flume gave out on it. */
export async function readRecorded(files: FlumeFiles, keyOf?: KeyOfAlias) {
  const disk = filesDisk(files)
  const logs = await openFlumeLogs(disk, await findFlumeLogs(disk, ['data1', 'data2']), keyOf)
  const help = await checkpointFor(disk, ['checkpoint', 'backup'], logs)
  const folder = await readFlumeFolder(disk, logs, { verify: true, ...help })
  const events: unknown[] = []
  for await (const batch of heldBatches(disk, folder)) {
    for (const { headers, body } of batch)
      events.push({ headers: Object.fromEntries(headers), body64: body.toString('base64') })
  }
  const lines = (files.get('held.jsonl') ?? '')
    .toString()
    .split('\n')
    .filter(line => line !== '')
  return { disk, logs, help, folder, events, held: lines.map(line => JSON.parse(line) as unknown) }
}

/** Changes bits of one byte of a file. */
export function flip(files: FlumeFiles, path: string, at: number, bits = 0xff): FlumeFiles {
  const bytes = Buffer.from(files.get(path) ?? '')
  bytes[at] = (bytes[at] ?? 0) ^ bits
  return files.set(path, bytes)
}

/** Three events, each with a commit of its own. */
export function threeEvents(): { writer: FlumeLogWriter; puts: number[]; commits: number[] } {
  const writer = new FlumeLogWriter()
  const [puts, commits]: [number[], number[]] = [[], []]
  for (let i = 0; i < 3; i++) {
    puts.push(writer.put(i, i * 2, `event ${i}`))
    commits.push(writer.commit(i, i * 2 + 1, 1))
  }
  return { writer, puts, commits }
}
