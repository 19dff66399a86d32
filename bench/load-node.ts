/** The load generator for machines without a C compiler: same arguments and same talk as load.c, but slower. */
import { once } from 'node:events'
import { readdirSync, statSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { lineBytes, makeLines } from './harness/lines.ts'

const WRITE_BYTES = 256 * 1024

interface Connection {
  readonly socket: Socket
  readonly bytes: Buffer
  readonly lines: number
  sent: number
  next: number
}

const [port = '', count = '1', total = '0', mode = 'blast', rate = '1000', folder = ''] =
  process.argv.slice(2)
const connections = Number(count)
const perConnection = Math.floor(Number(total) / connections)
const expected = perConnection * connections
let answers = 0
let oks = 0
let started = 0n
let answered: (socket: Socket) => void = () => {}

function say(event: string, facts: object = {}): void {
  const times = { started: Number(started), at: Number(process.hrtime.bigint()) }
  process.stdout.write(`${JSON.stringify({ event, ...times, ...facts })}\n`)
}

async function dial(number: number): Promise<Connection> {
  const socket = connect({ port: Number(port), host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  socket.on('error', () => {})
  socket.on('close', () => {
    say('closed', { answers, oks })
    process.exit(0)
  })
  if (mode !== 'blast' && mode !== 'single')
    socket.on('data', (chunk: Buffer) => {
      readAnswers(socket, chunk)
    })
  return { socket, bytes: makeLines(number, perConnection), lines: perConnection, sent: 0, next: 0 }
}

// Answers are "OK" or a sentence; only whether the line has two bytes is looked at.
const columns = new WeakMap<Socket, number>()
function readAnswers(socket: Socket, chunk: Buffer): void {
  let column = columns.get(socket) ?? 0
  for (const byte of chunk) {
    if (byte !== 10) {
      column++
      continue
    }
    answers++
    if (column === 2) oks++
    column = 0
    answered(socket)
  }
  columns.set(socket, column)
  if (answers === expected && mode !== 'latency') say('answered', { answers, oks })
}

async function blast(connection: Connection): Promise<void> {
  const { socket, bytes } = connection
  while (connection.sent < bytes.length) {
    const end = Math.min(connection.sent + WRITE_BYTES, bytes.length)
    const more = socket.write(bytes.subarray(connection.sent, end))
    connection.sent = end
    if (!more) await once(socket, 'drain')
  }
  if (socket.writableLength > 0) await once(socket, 'drain')
}

function sendLine(connection: Connection): boolean {
  const end = connection.sent + lineBytes(connection.next++)
  const more = connection.socket.write(connection.bytes.subarray(connection.sent, end))
  connection.sent = end
  return more
}

async function single(connection: Connection): Promise<void> {
  while (connection.next < connection.lines) if (!sendLine(connection)) await once(connection.socket, 'drain')
  if (connection.socket.writableLength > 0) await once(connection.socket, 'drain')
}

async function dialogue(all: readonly Connection[]): Promise<void> {
  const bySocket = new Map(all.map(connection => [connection.socket, connection]))
  answered = socket => {
    const connection = bySocket.get(socket)
    if (connection !== undefined && connection.next < connection.lines) sendLine(connection)
  }
  for (const connection of all) sendLine(connection)
  while (all.some(({ next, lines }) => next < lines)) await sleep(1)
}

function folderBytes(): number {
  return readdirSync(folder).reduce(
    (sum, name) => sum + (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0),
    0
  )
}

async function latency(connection: Connection): Promise<void> {
  const times: number[] = []
  const base = folderBytes()
  const periodNs = 1e9 / Number(rate)
  let arrived = 0
  let seen = 0
  while (seen < connection.lines) {
    const now = Number(process.hrtime.bigint() - started)
    if (connection.next < connection.lines && now >= connection.next * periodNs) {
      times.push(now)
      sendLine(connection)
    }
    const size = folderBytes() - base
    while (seen < connection.next && arrived + lineBytes(seen) <= size) {
      arrived += lineBytes(seen)
      times[seen] = Number(process.hrtime.bigint() - started) - (times[seen] ?? 0)
      seen++
    }
    await new Promise(resolve => setImmediate(resolve))
  }
  times.sort((a, b) => a - b)
  const at = (part: number): number => times[Math.floor((seen - 1) * part)] ?? 0
  say('latency', { lines: seen, p50: at(0.5), p99: at(0.99), max: at(1) })
}

const all = await Promise.all(Array.from({ length: connections }, (_, number) => dial(number)))
say('ready')
await once(process.stdin, 'data')
process.stdin.on('end', () => process.exit(0))
started = process.hrtime.bigint()
if (mode === 'latency' && all[0] !== undefined) await latency(all[0])
else if (mode === 'dialogue') await dialogue(all)
else await Promise.all(all.map(mode === 'single' ? single : blast))
if (mode !== 'latency') say('sent')
