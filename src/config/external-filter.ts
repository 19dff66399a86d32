import type { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { AgentError } from '../core/errors.ts'
import { wordsOf } from '../core/words.ts'
import type { Charset } from '../java/charset.ts'
import { type Command, type CommandClock, startCommand } from '../net/command.ts'

/** Most bytes read of a command's output, and how long it may take. */
const MOST_BYTES = 1 << 20
const TIMEOUT_MS = 30_000

const REAL: FilterParts = {
  start: startCommand,
  clock: {
    monotonic: () => performance.now(),
    sleep: (ms, signal) => pause(ms, undefined, { signal }).catch(() => undefined)
  }
}

/** What a command is run with. */
export interface FilterParts {
  readonly start: typeof startCommand
  readonly clock: CommandClock
}

/**
 * Runs a command with one argument more and resolves to the first line it prints, or undefined when it prints nothing.
 * Rejects when it cannot be run, fails, takes too long or prints too much; then everything that it started is ended. Else it
 * is over when it ends, and what it leaves running goes on. The command is split on blanks; no shell.
 */
export async function firstLineOf(
  command: string,
  argument: string,
  charset: Charset,
  { start, clock }: FilterParts = REAL
): Promise<string | undefined> {
  const [program = '', ...rest] = wordsOf(command)
  await using running = await start({ program, arguments: [...rest, argument] }, clock)
  const { output, complaint } = await outputsOf(running, clock)
  const { code, signal } = await running.ended
  running.release()
  if (signal !== null) throw new AgentError('ERR_CONFIG', `The command was ended by ${signal}.`)
  if (code !== 0) {
    const said = charset.decode(complaint).split('\n', 1)[0] ?? ''
    throw new AgentError(
      'ERR_CONFIG',
      `The command ended with code ${String(code)}${said === '' ? '.' : `: ${said}`}`
    )
  }
  const text = charset.decode(output)
  return text === '' ? undefined : text.split(/\r?\n/, 1)[0]
}

/** What the command itself wrote until it ended. A child of its own may keep its outputs open for as long as it likes. */
async function outputsOf(
  { stdout, stderr, ended }: Command,
  clock: CommandClock
): Promise<{ readonly output: Buffer; readonly complaint: Buffer }> {
  const flood = Promise.withResolvers<never>()
  const [output, complaint] = [gather(stdout), gather(stderr)]
  stdout.on('data', () => {
    if (output.size > MOST_BYTES)
      flood.reject(new AgentError('ERR_CONFIG', `The command printed more than ${MOST_BYTES} bytes.`))
  })
  const over = new AbortController()
  const late = clock.sleep(TIMEOUT_MS, over.signal).then(() => {
    throw new AgentError('ERR_TIMEOUT', `The command did not end within ${TIMEOUT_MS / 1000} s.`)
  })
  try {
    await Promise.race([ended.then(() => Promise.all([output, complaint].map(emptied))), late, flood.promise])
  } finally {
    late.catch(() => undefined)
    over.abort()
  }
  return { output: output.bytes(), complaint: complaint.bytes() }
}

interface Gathered {
  /** Everything that came so far. */
  readonly size: number
  /** As much of it as is kept. */
  bytes(): Buffer
}

function gather(stream: Readable): Gathered {
  const chunks: Buffer[] = []
  const state = { size: 0, bytes: () => Buffer.concat(chunks) }
  stream.on('data', (chunk: Buffer) => {
    state.size += chunk.length
    if (state.size <= MOST_BYTES) chunks.push(chunk)
  })
  return state
}

// What a command wrote is in the pipe when it ends: each turn of the event loop reads what there is.
async function emptied(gathered: Gathered): Promise<void> {
  for (let before = -1; before !== gathered.size && gathered.size <= MOST_BYTES;) {
    before = gathered.size
    for (let turn = 0; turn < 2; turn++) await new Promise(resolve => setImmediate(resolve))
  }
}
