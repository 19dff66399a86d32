import { hostname } from 'node:os'
import { AgentError, messageOf, systemCode } from '../core/errors.ts'
import type { FileUser } from './flume-import/folder-user.ts'
import type { Owner } from './lock-owner.ts'

/** The lock cannot be looked at. */
export function unreadable(folder: string, error: unknown, name: string): AgentError {
  const message = `Cannot lock ${folder}: ${messageOf(error)}. [channel=${name}]`
  return new AgentError('ERR_START', message, { folder, code: systemCode(error) }, error)
}

/** By a process of another host, on a disk that both share. */
export function lockedElsewhere(folder: string, lockFile: string, owner: Owner, name: string): AgentError {
  const { host, pid, name: other } = owner
  return new AgentError(
    'ERR_START',
    `Cannot lock ${folder}. The directory is already locked by process ${pid} (channel ${other}) of host ${host}, which cannot be looked at from here. When that host or process is gone for good, delete ${lockFile}. [channel=${name}]`,
    { folder, host, pid, lockFile }
  )
}

/** By a process that lives; `owner` is who the lock's file says it is, where it says so. */
export function lockedByProcess(folder: string, owner: Owner | undefined, name: string): AgentError {
  const where =
    owner === undefined || owner.host === hostname() ? '' : ` of host ${owner.host} on this machine`
  const who = owner === undefined ? 'another process' : `process ${owner.pid} (channel ${owner.name})${where}`
  return new AgentError(
    'ERR_START',
    `Cannot lock ${folder}. The directory is already locked by ${who}. Stop that process, or name other folders in dataDirs; once the folder is free this starts by itself. [channel=${name}]`,
    { folder, pid: owner?.pid }
  )
}

/** By a process that lives, though its lock was taken away. */
export function lockGone(
  folder: string,
  lockFile: string,
  { pid, file }: FileUser,
  name: string
): AgentError {
  return new AgentError(
    'ERR_START',
    `Cannot lock ${folder}. Process ${pid} writes to ${file}, though ${lockFile} is not there or was written over. Stop that process; then this starts by itself. [channel=${name}]`,
    { folder, pid, file }
  )
}

/** By this process. */
export function lockedHere(folder: string, other: string, name: string): AgentError {
  const advice =
    other === name
      ? 'Either dataDirs names it twice, by two paths, or the channel is still being stopped.'
      : 'Give each channel folders of its own in dataDirs.'
  return new AgentError(
    'ERR_START',
    `Cannot lock ${folder}. The directory is already locked by channel ${other} of this agent. ${advice} [channel=${name}]`,
    { folder, other }
  )
}
