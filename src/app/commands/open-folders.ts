import { readdir } from 'node:fs/promises'
import { AgentError } from '../../core/errors.ts'
import { plural } from '../../core/plural.ts'
import type { Encryption } from '../../store/encryption.ts'
import { checkpointFor, findCheckpoints } from '../../store/flume-import/checkpoint.ts'
import { findFlumeLogs, openFlumeLogs } from '../../store/flume-import/flume-logs.ts'
import { OLD_VERSION } from '../../store/flume-import/old-record.ts'
import { heldBatches, readFlumeFolder } from '../../store/flume-import/read-flume-folder.ts'
import { readName } from '../../store/segment.ts'
import { STOP_RECORD } from '../../store/stop-record.ts'
import { readDisk } from '../../store/system-disk.ts'
import { type ChannelFolder, needFolder } from './channel-folder.ts'
import { openOurs } from './our-folder.ts'

/**
 * Opens what is in the folders: a channel of Flume, one of ours, or both while Flume's waits to be taken over. Every
 * byte is checked, nothing is changed. Rejects with ERR_CONFIG when there is neither.
 */
export async function openChannelFolders(
  folders: readonly string[],
  keys: Encryption | undefined
): Promise<ChannelFolder[]> {
  for (const folder of folders) await needFolder(folder)
  const logs = await findFlumeLogs(readDisk, folders)
  const found: ChannelFolder[] = []
  if (await holdOurs(folders)) found.push(await openOurs(folders, keys))
  if (logs.length > 0) found.push(await openFlumes(logs, keys))
  if (found.length > 0) return found
  throw new AgentError(
    'ERR_CONFIG',
    `${folders.join(', ')}: no file channel's files are there (log-N of Flume, or seg-…).`
  )
}

/** Whether a log of ours is, or was, in the folders. */
async function holdOurs(folders: readonly string[]): Promise<boolean> {
  for (const folder of folders) {
    const names = await readdir(folder)
    if (names.some(name => readName(name)?.role === 'seg' || name === STOP_RECORD)) return true
  }
  return false
}

async function openFlumes(paths: readonly string[], keys: Encryption | undefined): Promise<ChannelFolder> {
  const logs = await openFlumeLogs(readDisk, paths, keys?.flumeKey)
  const checkpoints = await findCheckpoints(readDisk, logs)
  const help = await checkpointFor(readDisk, checkpoints, logs)
  const folder = await readFlumeFolder(readDisk, logs, { verify: true, ...help })
  const { counts, damages, unfinished, assumed } = folder
  const encrypted = logs.filter(({ cipher }) => cipher !== undefined).length
  const oldLogs = logs.filter(({ version }) => version === OLD_VERSION).length
  return {
    format: 'flume',
    files: logs.map(({ path, bytes }) => ({ path, bytes })),
    events: folder.held.length,
    facts: { ...counts, encrypted, ...(oldLogs > 0 ? { oldLogs } : {}), unfinished, assumed },
    get damages() {
      return damages.first.map(({ file, offset, bytes, records, reason }) => ({
        file,
        at: offset,
        bytes,
        lost: records === undefined ? 'unknown' : plural(records, 'record'),
        reason
      }))
    },
    damageCount: () => damages.count,
    batches: () => heldBatches(readDisk, folder),
    close: () => Promise.resolve()
  }
}
