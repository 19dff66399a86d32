import { readdirSync, readFileSync } from 'node:fs'
import type { Server, Socket } from 'node:net'
import type { Context } from '../core/contracts.ts'
import { messageOf } from '../core/errors.ts'
import { TurnedAway } from './turned-away.ts'

/** Descriptors kept free for channels, sinks and the counters: a quarter of all, within these bounds. */
const LEAST_KEPT = 64
const MOST_KEPT = 4096

/** Which descriptors of this process clients may have: those below `end`. */
export interface ClientDescriptors {
  readonly limit: number
  readonly end: number
}

/**
 * Keeps clients of `server` from taking the last descriptors of the process, so that those inside, the files and the
 * counters go on. Returns whether a client that was just accepted may stay; if not, it is closed already. All servers
 * of the process share what there is, and files that are open count. Says so at once and then every minute.
 */
export function limitConnections(
  server: Server,
  { log, clock }: Pick<Context, 'log' | 'clock'>,
  descriptors: ClientDescriptors | undefined = clientDescriptors()
): (socket: Socket) => boolean {
  const turnedAway = new TurnedAway(
    log,
    clock,
    'Clients are turned away: the process may not open more files and sockets. Raise its limit (ulimit -n).'
  )
  server.on('error', error => {
    if (isOfAccept(error)) turnedAway.count({ reason: messageOf(error) })
  })
  server.on('close', () => turnedAway.end())
  return socket => {
    // The system gives the lowest number that is free.
    const number = descriptorOf(socket)
    if (descriptors === undefined || number < descriptors.end) return true
    turnedAway.count({
      open: number,
      limit: descriptors.limit,
      keptFree: descriptors.limit - descriptors.end
    })
    socket.destroy()
    return false
  }
}

/** Whether a server's error is about one client that could not be accepted; the server goes on. */
export function isOfAccept(error: Error): boolean {
  return 'syscall' in error && error.syscall === 'accept'
}

/** Descriptors kept free of clients where the process may have `limit` and has `inUse`; at most half of what is left. */
export function keptFree(limit: number, inUse: number): number {
  const wanted = Math.min(Math.max(LEAST_KEPT, Math.ceil(limit / 4)), MOST_KEPT)
  return Math.max(0, Math.min(wanted, Math.ceil((limit - inUse) / 2)))
}

/** Those of this process as it is now; undefined where the system does not tell, or has no limit. */
function clientDescriptors(): ClientDescriptors | undefined {
  const limit = openFileLimit()
  if (limit === undefined) return undefined
  try {
    return { limit, end: limit - keptFree(limit, readdirSync('/proc/self/fd').length) }
  } catch {
    return undefined
  }
}

/** How many files and sockets the process may open; undefined where the system does not tell, or has no limit. */
export function openFileLimit(): number | undefined {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1')) ?? []
    return soft === undefined ? undefined : Number(soft)
  } catch {
    return undefined
  }
}

/** The number of a socket's descriptor, which is how many are in use; -1 where there is none. */
export function descriptorOf(socket: Socket): number {
  const handle: unknown = Reflect.get(socket, '_handle')
  const number: unknown =
    typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : undefined
  return typeof number === 'number' ? number : -1
}
