import { spawn, type ChildProcess } from 'node:child_process'
import { AgentError } from '../core/errors.ts'
import { wordsOf } from '../core/words.ts'
import type { Charset } from '../java/charset.ts'

/** Most bytes read of a command's output, and how long it may take. */
const MOST_BYTES = 1 << 20
const TIMEOUT_MS = 30_000

/**
 * Runs a command with one argument more and resolves to the first line it prints, or undefined when it prints nothing.
 * Rejects when it cannot be run, fails, takes too long or prints too much. The command is split on blanks; no shell.
 */
export async function firstLineOf(
  command: string,
  argument: string,
  charset: Charset
): Promise<string | undefined> {
  const [program = '', ...rest] = wordsOf(command)
  const child = spawn(program, [...rest, argument], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL'
  })
  const output = gather(child.stdout, () => child.kill('SIGKILL'))
  const complaint = gather(child.stderr, () => {})
  const { code, signal } = await ended(child)
  await emptied([output, complaint])
  for (const stream of [child.stdout, child.stderr]) stream.destroy()
  if (output.tooMuch) throw new AgentError('ERR_CONFIG', `The command printed more than ${MOST_BYTES} bytes.`)
  if (signal !== null)
    throw new AgentError('ERR_TIMEOUT', `The command did not end within ${TIMEOUT_MS / 1000} s.`)
  if (code !== 0) {
    const said = charset.decode(complaint.bytes()).split('\n', 1)[0] ?? ''
    throw new AgentError(
      'ERR_CONFIG',
      `The command ended with code ${String(code)}${said === '' ? '.' : `: ${said}`}`
    )
  }
  const text = charset.decode(output.bytes())
  return text === '' ? undefined : text.split(/\r?\n/, 1)[0]
}

interface Ending {
  readonly code: number | null
  readonly signal: string | null
}

function ended(child: ChildProcess): Promise<Ending> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    // Not `close`: a child of the command's own may keep its output open for as long as it likes.
    child.once('exit', (code, signal) => resolve({ code, signal }))
  })
}

interface Gathered {
  readonly tooMuch: boolean
  /** Everything that came so far. */
  readonly size: number
  bytes(): Buffer
}

// What a command wrote is in the pipe when it ends: each turn of the event loop reads what there is.
async function emptied(outputs: readonly Gathered[]): Promise<void> {
  const total = (): number => outputs.reduce((sum, { size }) => sum + size, 0)
  for (let before = -1; before !== total() && total() <= MOST_BYTES;) {
    before = total()
    for (let turn = 0; turn < 2; turn++) await new Promise(resolve => setImmediate(resolve))
  }
}

function gather(stream: NodeJS.ReadableStream, stop: () => void): Gathered {
  const chunks: Buffer[] = []
  const state = { tooMuch: false, size: 0, bytes: () => Buffer.concat(chunks) }
  stream.on('data', (chunk: Buffer) => {
    state.size += chunk.length
    if (state.size <= MOST_BYTES) chunks.push(chunk)
    else if (!state.tooMuch) {
      state.tooMuch = true
      stop()
    }
  })
  return state
}
