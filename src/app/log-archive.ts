import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

interface Archived {
  readonly name: string
  /** yyyyMMdd */
  readonly day: string
  readonly index: number
}

/** Moves a log file to `archive/NAME.yyyyMMdd-i` beside it, `i` being the next of that day; names are those of Flume. */
export async function moveToArchive(file: string, day: string): Promise<void> {
  const folder = archiveOf(file)
  await mkdir(folder, { recursive: true })
  const indexes = archived(file, await readdir(folder))
    .filter(one => one.day === day)
    .map(({ index }) => index)
  await rename(file, join(folder, `${basename(file)}.${day}-${Math.max(0, ...indexes) + 1}`))
}

/** Deletes the oldest archived files of a log file until they take no more than `most` bytes. */
export async function trimArchive(file: string, most: number): Promise<void> {
  const folder = archiveOf(file)
  const newestFirst = archived(file, await readdir(folder)).sort(
    (one, other) => other.day.localeCompare(one.day) || other.index - one.index
  )
  let bytes = 0
  for (const path of newestFirst.map(({ name }) => join(folder, name))) {
    bytes += (await stat(path)).size
    if (bytes > most) await rm(path)
  }
}

function archiveOf(file: string): string {
  return join(dirname(file), 'archive')
}

function archived(file: string, names: readonly string[]): Archived[] {
  const start = `${basename(file)}.`
  return names.flatMap(name => {
    const [, day, index] =
      /^(\d{8})-(\d{1,9})$/.exec(name.startsWith(start) ? name.slice(start.length) : '') ?? []
    return day === undefined ? [] : [{ name, day, index: Number(index) }]
  })
}
