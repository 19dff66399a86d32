import { mkdir, open, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { AgentError, messageOf, systemCode } from '../core/errors.ts'

/**
 * Makes a folder and its parents, safe against power loss: the entries of those that were missing are synced. Rejects
 * with ERR_START, which says what stands in the way of it; `word` is what it calls the folder.
 */
export async function makeFolder(folder: string, word = 'The folder'): Promise<void> {
  try {
    for (const made of await makeMissing(folder)) {
      await using parent = await open(dirname(made), 'r')
      await parent.sync()
    }
  } catch (error) {
    const message = `${word} ${folder} could not be created: ${folderProblem(error)}.`
    throw new AgentError('ERR_START', message, { folder, code: systemCode(error) }, error)
  }
}

/** What an error of the system means for who set a folder, as the end of a sentence. */
export function folderProblem(error: unknown): string {
  switch (systemCode(error)) {
    case 'EEXIST':
    case 'ENOTDIR':
      return 'there is a file of that name, or of the name of a parent folder'
    case 'EACCES':
    case 'EPERM':
      return 'the user that this agent runs as may not write there'
    case 'EROFS':
      return 'the file system is read-only'
    case 'ENOSPC':
    case 'EDQUOT':
      return 'the disk is full'
    case 'ENOENT':
      return 'no folder can be made there'
    default:
      return messageOf(error)
  }
}

/**
 * The folders that were made, the topmost first. Each is tried twice at most: Node's own `recursive` never ends where
 * a parent exists and yet has no room for folders, as in /proc.
 */
async function makeMissing(folder: string): Promise<string[]> {
  try {
    return await makeOne(folder)
  } catch (error) {
    const parent = dirname(folder)
    if (systemCode(error) !== 'ENOENT' || parent === folder) throw error
    const above = await makeMissing(parent)
    return [...above, ...(await makeOne(folder))]
  }
}

async function makeOne(folder: string): Promise<string[]> {
  try {
    await mkdir(folder)
    return [folder]
  } catch (error) {
    if (systemCode(error) !== 'ENOENT' && (await isFolder(folder))) return []
    throw error
  }
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true
}
