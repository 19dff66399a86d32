import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Disk } from './disk.ts'
import { readName } from './segment.ts'

const NAME = /^returned-[0-9a-f]{16}-[0-9a-f]{8}$/

/** Part of a log that was not there when others went on: a log of its own, in folders of one name. */
export interface ReturnedLog {
  readonly name: string
  /** Absolute; below the folders of the log. */
  readonly folders: readonly string[]
}

/** Those in the folders of a log that hold anything. */
export async function findReturnedLogs(disk: Disk, folders: readonly string[]): Promise<ReturnedLog[]> {
  const found = new Map<string, string[]>()
  for (const folder of folders) {
    for (const name of await disk.list(folder)) {
      if (!NAME.test(name)) continue
      const part = join(folder, name)
      const isThere = (await disk.list(part)).some(file => readName(file) !== undefined)
      if (isThere) found.set(name, [...(found.get(name) ?? []), part])
    }
  }
  return [...found].map(([name, paths]) => ({ name, folders: paths })).sort(byName)
}

/** A name for files of the epoch `tag`: no other start has it, wherever it finds more of them. */
export function returnedName(tag: string): string {
  return `returned-${tag}-${randomBytes(4).toString('hex')}`
}

function byName(one: ReturnedLog, other: ReturnedLog): number {
  return one.name < other.name ? -1 : 1
}
