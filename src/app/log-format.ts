import { AgentError, messageOf, type Facts } from '../core/errors.ts'
import { printable, printableLines } from '../core/printable.ts'

export const LEVELS = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof LEVELS)[number]

/** One thing that was logged. */
export interface LogEntry {
  /** Epoch milliseconds. */
  readonly at: number
  readonly level: LogLevel
  /** Who says it: a component such as `sink k1`, or `agent`. */
  readonly logger: string
  readonly message: string
  readonly facts: Facts
}

const LONGEST_VALUE = 2000
const MOST_CAUSES = 5
const COLOURS: Readonly<Record<LogLevel, string>> = {
  debug: '\x1b[2m',
  info: '',
  warn: '\x1b[33m',
  error: '\x1b[31m'
}

/** One entry as a line for people, local time; the stack of an unexpected error follows on lines of its own. */
export function formatText({ at, level, logger, message, facts }: LogEntry, coloured: boolean): string {
  const head = `${formatTime(new Date(at))} ${level.toUpperCase().padEnd(5)} [${printable(logger)}] ${printable(message)}`
  const parts = [head]
  for (const [name, value] of Object.entries(facts)) {
    if (value === undefined) continue
    const shown = value instanceof Error ? quoted(value, cut(formatError(value, facts))) : formatValue(value)
    parts.push(`${printable(name)}=${shown}`)
  }
  const text = [parts.join(' '), ...stacks(facts)].join('\n')
  const colour = coloured ? COLOURS[level] : ''
  return colour === '' ? text : `${colour}${text}\x1b[0m`
}

/** One entry as an object with the field names of the Elastic Common Schema; its level is the writer's business. */
export function formatEcs({ at, logger, message, facts }: LogEntry): Record<string, unknown> {
  const error = Object.values(facts).find(value => value instanceof Error)
  const others = Object.entries(facts).filter(([, value]) => value !== error && value !== undefined)
  return {
    '@timestamp': new Date(at).toISOString(),
    message,
    'ecs.version': '8.11.0',
    'log.logger': logger,
    'process.pid': process.pid,
    ...(error instanceof Error ? { error: errorFields(error) } : {}),
    ...(others.length > 0
      ? { millrace: Object.fromEntries(others.map(([name, value]) => [name, plain(value)])) }
      : {})
  }
}

/** Sentence, facts and causes of an error in one line; each fact once, and none of those that stand beside it. */
export function formatError(error: unknown, beside: Facts = {}): string {
  const told = new Set(Object.entries(beside).map(([name, value]) => factOf(name, value)))
  const sentences: string[] = []
  let causes = 0
  for (
    let one: unknown = error;
    one !== undefined && causes < MOST_CAUSES;
    one = one instanceof Error ? one.cause : undefined
  ) {
    causes += 1
    const facts = one instanceof AgentError ? newFactsOf(one, told) : ''
    const sentence = messageOf(one)
    // A wrapper's `reason` is often the sentence of its cause.
    if (causes > 1 && facts === '' && told.has(factOf('reason', sentence))) continue
    sentences.push(facts === '' ? sentence : `${sentence} (${facts})`)
  }
  return sentences.join(' Cause: ')
}

function newFactsOf(error: AgentError, told: Set<string>): string {
  const facts = Object.entries(error.facts)
    .filter(([, value]) => value !== undefined && typeof value !== 'object')
    .map(([name, value]) => factOf(name, value))
    .filter(fact => !told.has(fact))
  for (const fact of facts) told.add(fact)
  return facts.join(' ')
}

function factOf(name: string, value: unknown): string {
  return `${name}=${value instanceof Error ? '' : formatValue(value)}`
}

function formatTime(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0')
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
  return `${day} ${time},${String(date.getMilliseconds()).padStart(3, '0')}`
}

function formatValue(value: unknown): string {
  const text =
    value instanceof Error
      ? formatError(value)
      : typeof value === 'string'
        ? value
        : JSON.stringify(plain(value))
  const short = cut(text)
  return typeof value === 'string' && /^[^\s"=]+$/.test(short) ? printable(short) : quoted(value, short)
}

function cut(text: string): string {
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text
}

function quoted(value: unknown, text: string): string {
  return typeof value === 'string' || value instanceof Error ? `"${printable(text)}"` : printable(text)
}

function stacks(facts: Facts): string[] {
  return Object.values(facts)
    .filter(value => value instanceof Error && !(value instanceof AgentError) && !('code' in value))
    .flatMap(value =>
      value instanceof Error && value.stack !== undefined
        ? [printableLines(value.stack).replaceAll(/^(?! )/gm, '    ')]
        : []
    )
}

function errorFields(error: Error): Record<string, unknown> {
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {}
  return { type: error.name, ...code, message: formatError(error), stack_trace: error.stack }
}

function plain(value: unknown): unknown {
  if (value instanceof Error) return formatError(value)
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Map) return Object.fromEntries(value)
  if (value instanceof Set) return [...value]
  if (value instanceof Uint8Array) return `${value.length} bytes`
  try {
    JSON.stringify(value)
    return value
  } catch {
    return String(value)
  }
}
