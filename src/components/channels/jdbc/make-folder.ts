import { mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Makes a folder and its parents, safe against power loss: the entries of those that were missing are synced. */
export async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true })
  if (first === undefined) return
  for (let made = folder; made.length >= first.length; made = dirname(made)) {
    await using parent = await open(dirname(made), 'r')
    await parent.sync()
  }
}
