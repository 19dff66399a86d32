import type { Server, Socket } from 'node:net'
import type { Context } from '../core/contracts.ts'
import { descriptorOf, isOfAccept, openFileLimit } from './connection-limit.ts'
import { TurnedAway } from './turned-away.ts'

/** Descriptors that these connections leave to files. */
const LEFT_FREE = 8

/**
 * Keeps at most `most` connections of `server` open: one too many closes the one that was used longest ago, so that
 * idle ones keep nobody out; so does the process that has hardly any descriptors left. Returns what to call when a connection is used. Logs `sentence` at once and then once a
 * minute.
 */
export function keepNewest(
  server: Server,
  most: number,
  { log, clock }: Pick<Context, 'log' | 'clock'>,
  sentence: string
): (socket: Socket) => void {
  const closed = new TurnedAway(log, clock, sentence)
  const sockets = new Set<Socket>()
  const lastDescriptor = (openFileLimit() ?? Infinity) - LEFT_FREE
  let allowed = most
  const closeOldest = (): void => {
    const [oldest] = sockets
    if (oldest === undefined) return
    sockets.delete(oldest)
    oldest.destroy()
    closed.count({ limit: allowed })
  }
  server.on('connection', (socket: Socket) => {
    socket.on('close', () => {
      sockets.delete(socket)
      if (sockets.size === 0) allowed = most
    })
    // One that is closed makes room for one below the last: from then on their number is what counts.
    if (descriptorOf(socket) >= lastDescriptor) allowed = Math.min(allowed, Math.max(1, sockets.size))
    if (sockets.size >= allowed) closeOldest()
    sockets.add(socket)
  })
  server.on('error', error => {
    if (isOfAccept(error)) closeOldest()
  })
  server.on('close', () => closed.end())
  return socket => {
    if (sockets.delete(socket)) sockets.add(socket)
  }
}
