import { readFileSync } from 'node:fs'
import type { Server } from 'node:net'
import type { Context } from '../core/contracts.ts'
import { messageOf } from '../core/errors.ts'
import { atMostEvery } from '../core/seldom.ts'

/** Files and sockets kept free for channels, sinks and the counters. */
const KEPT_FREE = 64
const LOG_EVERY_MS = 60_000

/**
 * Keeps `server` from taking the last descriptors of the process: clients beyond that are turned away, so that those
 * inside, the files and the counters go on. Says so at once and then every minute. Never ends the server.
 */
export function limitConnections(server: Server, { log, clock }: Pick<Context, 'log' | 'clock'>): void {
  const limit = connectionLimit(openFileLimit())
  if (limit !== undefined) server.maxConnections = limit
  const say = atMostEvery<'clients'>(LOG_EVERY_MS, clock, ({ clients }, reason) =>
    log.warn(
      'Clients are turned away: the process may not open more files and sockets. Raise its limit (ulimit -n).',
      { clients, reason }
    )
  )
  const count = (reason: string): void => say({ clients: 1 }, reason)
  server.on('drop', () => count(`${limit ?? 0} connections are open`))
  server.on('error', error => {
    if (isOfAccept(error)) count(messageOf(error))
  })
}

/** Whether a server's error is about one client that could not be accepted; the server goes on. */
export function isOfAccept(error: Error): boolean {
  return 'syscall' in error && error.syscall === 'accept'
}

/** Connections that a process may take that may open so many files; undefined for no limit. */
export function connectionLimit(openFiles: number | undefined): number | undefined {
  return openFiles === undefined ? undefined : openFiles - Math.min(KEPT_FREE, Math.ceil(openFiles / 2))
}

/** The limit of this process; undefined where the system does not tell. */
function openFileLimit(): number | undefined {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1')) ?? []
    return soft === undefined ? undefined : Number(soft)
  } catch {
    return undefined
  }
}
