import { join } from 'node:path'
import { LEVELS, type LogLevel } from './log-format.ts'

/** Where the log goes and how much of it. */
export interface LogSettings {
  /** Least grave level that is logged; undefined: nothing is. */
  readonly level: LogLevel | undefined
  readonly console: boolean
  /** File for JSON lines. */
  readonly file: string | undefined
  /** Whether a new file is begun at midnight and before it gets too large. */
  readonly rolls: boolean
  /** A level or a target nobody knows, to be warned about. */
  readonly unknown: readonly string[]
}

const LOG4J_LEVELS: Readonly<Record<string, LogLevel | 'off'>> = {
  all: 'debug',
  trace: 'debug',
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  warning: 'warn',
  error: 'error',
  fatal: 'error',
  off: 'off'
}
const CONSOLES = ['console', 'stdout', 'stderr']
const FILES = ['logfile', 'file', 'daily', 'rolling']

/**
 * Reads `flume.root.logger` (`LEVEL,TARGET…`; targets `console` and `LOGFILE`), `flume.log.dir` and `flume.log.file`, as
 * Flume's own files have them. Without targets the log goes to the console, and to a file when one is named.
 * `flume.log.roll=false` leaves rolling to somebody else.
 */
export function readLogSettings(properties: Readonly<Record<string, string>>): LogSettings {
  const [levelWord = '', ...targets] = (properties['flume.root.logger'] ?? '')
    .split(',')
    .map(word => word.trim())
  const level = LOG4J_LEVELS[levelWord.toLowerCase()]
  const wanted = targets.filter(word => word !== '').map(word => word.toLowerCase())
  const named = properties['flume.log.dir'] !== undefined || properties['flume.log.file'] !== undefined
  const toFile = wanted.some(word => FILES.includes(word)) || (wanted.length === 0 && named)
  const unknown = wanted.filter(word => !CONSOLES.includes(word) && !FILES.includes(word))
  if (levelWord !== '' && level === undefined) unknown.unshift(levelWord)
  const roll = properties['flume.log.roll']?.toLowerCase() ?? 'true'
  if (roll !== 'true' && roll !== 'false') unknown.push(roll)
  return {
    level: level === 'off' ? undefined : (level ?? 'info'),
    console: !toFile || wanted.length === 0 || wanted.some(word => CONSOLES.includes(word)),
    file: toFile
      ? join(properties['flume.log.dir'] ?? 'logs', properties['flume.log.file'] ?? 'flume.log')
      : undefined,
    rolls: roll !== 'false',
    unknown
  }
}

/** Whether `level` is grave enough to be logged. */
export function isLogged(level: LogLevel, least: LogLevel | undefined): boolean {
  return least !== undefined && LEVELS.indexOf(level) >= LEVELS.indexOf(least)
}
