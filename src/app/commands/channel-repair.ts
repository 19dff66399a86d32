import { AgentError } from '../../core/errors.ts'
import { plural } from '../../core/plural.ts'
import type { Encryption } from '../../store/encryption.ts'
import { findCheckpoints } from '../../store/flume-import/checkpoint.ts'
import { findFlumeLogs, openFlumeLogs } from '../../store/flume-import/flume-logs.ts'
import { findFileUser } from '../../store/flume-import/folder-user.ts'
import { importFlumeFolder } from '../../store/flume-import/import-flume-folder.ts'
import { type FolderLock, lockFolder } from '../../store/folder-lock.ts'
import { rewriteLog } from '../../store/flume-import/rewrite-log.ts'
import { overlayDisk } from '../../store/overlay-disk.ts'
import { readDisk, systemDisk } from '../../store/system-disk.ts'
import { systemClock } from '../clock.ts'
import type { ChannelCall } from './channel-call.ts'
import { encryptionOf, findSegments, needFolder, openLog, silentLog } from './channel-folder.ts'
import { openChannelFolders } from './open-folders.ts'
import { damageLines } from './channel-report.ts'

/**
 * `flume-ng channel repair`: what the agent does at its start, without the agent. Where a part of our log cannot be
 * read, the rest is written anew; logs of Flume are taken over. The old files go aside. Exit code 1 when events were lost.
 */
export async function repairFolders(call: ChannelCall): Promise<number> {
  const { stdout } = call
  const lines: string[] = [
    'The agent does this by itself when it starts; this command is never needed for that.'
  ]
  // Files that are being written to may look like anything.
  if (!call.dryRun) await refuseWhenUsed(call.folders)
  const [view, code] = await describe(call)
  lines.push(...view)
  if (!call.dryRun) lines.push(...(await repair(call)))
  stdout.write(`${lines.join('\n')}\n`)
  return code
}

async function repair({ folders, checkpoints, environment }: ChannelCall): Promise<string[]> {
  const keys = encryptionOf(environment)
  const locks: FolderLock[] = []
  try {
    for (const folder of folders) locks.push(await lockFolder(folder, 'channel repair'))
    await refuseWhenUsed(folders)
    const found = await findCheckpoints(
      readDisk,
      await openFlumeLogs(readDisk, await findFlumeLogs(readDisk, folders), keys?.flumeKey)
    )
    const [checkpointDir = folders[0] ?? '', backupCheckpointDir] = new Set([...checkpoints, ...found])
    const report = await importFlumeFolder({
      name: 'channel',
      checkpointDir,
      backupCheckpointDir,
      dataDirs: folders,
      logFolders: folders,
      disk: systemDisk,
      clock: systemClock,
      log: silentLog,
      flumeKey: keys?.flumeKey,
      openLog: (into, disk) => openLog(into, disk, keys),
      findUser: findFileUser
    })
    const lines =
      report === undefined
        ? []
        : [
            `${plural(report.events, 'event')} taken over from Flume; its files are in ${report.aside.join(', ')}`
          ]
    if ((await findSegments(folders)).length > 0) lines.push(await setAside(folders, keys))
    return lines
  } finally {
    for (const lock of locks) await lock.remove()
  }
}

/** What is damaged, as verify says it. */
async function describe({ folders, environment, dryRun }: ChannelCall): Promise<[string[], number]> {
  const found = await openChannelFolders(folders, encryptionOf(environment))
  const lines: string[] = []
  let damaged = 0
  for (const folder of found) {
    lines.push(...damageLines({ damages: folder.damages, damageCount: folder.damageCount() }))
    damaged += folder.damageCount()
    const what =
      folder.format === 'flume'
        ? 'its events would be taken over, its files moved aside'
        : 'the old files would go aside where a part is damaged'
    if (dryRun)
      lines.push(
        `${plural(folder.files.length, 'file')}, ${plural(folder.events, 'event')} held, ${plural(folder.damageCount(), 'damaged part')}: ${what}`
      )
    await folder.close()
  }
  return [lines, damaged > 0 ? 1 : 0]
}

/** Writes our log anew when a part of it cannot be read. */
async function setAside(folders: readonly string[], keys: Encryption | undefined): Promise<string> {
  const log = await openLog(folders, overlayDisk(systemDisk), keys)
  const [held, damaged] = [log.size, log.skippedAtStart.length]
  await log.close()
  if (damaged === 0) return `${plural(held, 'event')} held; nothing had to be set aside`
  const { events, aside } = await rewriteLog(
    {
      logFolders: folders,
      disk: systemDisk,
      clock: systemClock,
      openLog: (into, disk) => openLog(into, disk, keys)
    },
    batch => Promise.resolve(batch)
  )
  return `${plural(events, 'event')} held; the old files, ${plural(damaged, 'damaged part')} among them, are in ${aside.join(', ')}`
}

async function refuseWhenUsed(folders: readonly string[]): Promise<void> {
  for (const folder of folders) await needFolder(folder)
  const user = await findFileUser([
    ...(await findFlumeLogs(readDisk, folders)),
    ...(await findSegments(folders))
  ])
  if (user === undefined) return
  throw new AgentError(
    'ERR_START',
    `Process ${user.pid} still uses ${user.file}: stop that agent. Nothing has been touched.`
  )
}
