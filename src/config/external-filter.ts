import { spawn } from 'node:child_process'
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
  const { code, signal } = await new Promise<{ code: number | null; signal: string | null }>(
    (resolve, reject) => {
      child.once('error', reject)
      child.once('close', (exit, by) => {
        resolve({ code: exit, signal: by })
      })
    }
  )
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

interface Gathered {
  readonly tooMuch: boolean
  bytes(): Buffer
}

function gather(stream: NodeJS.ReadableStream, stop: () => void): Gathered {
  const chunks: Buffer[] = []
  const state = { tooMuch: false, bytes: () => Buffer.concat(chunks) }
  let size = 0
  stream.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size <= MOST_BYTES) chunks.push(chunk)
    else if (!state.tooMuch) {
      state.tooMuch = true
      stop()
    }
  })
  return state
}
