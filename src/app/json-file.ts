import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { pino } from 'pino'
import { formatEcs, type LogEntry, type LogLevel } from './log-format.ts'
import { FLUME_LIMITS, RollingFile } from './rolling-file.ts'

/** JSON lines in a file. */
export interface JsonFile {
  write(entry: LogEntry): void
  reopen(): void
  /** As RollingFile.flush(). */
  flush(ms: number): Promise<boolean>
}

/** Opens, or creates, the file and its folder. Rejects when that fails; later trouble is told to `onTrouble`. */
export async function openJsonFile(
  path: string,
  rolls: boolean,
  onTrouble: (error: unknown) => void
): Promise<JsonFile> {
  await mkdir(dirname(path), { recursive: true })
  const limits = rolls ? FLUME_LIMITS : undefined
  const file = await RollingFile.open(path, { limits, onTrouble, leftOut: leftOutLine })
  let at = 0
  const logger = pino(
    {
      base: null,
      timestamp: false,
      level: 'debug',
      formatters: { level: label => ({ 'log.level': label }) }
    },
    {
      write: line => {
        file.line(line, at)
      }
    }
  )
  return {
    write: entry => {
      at = entry.at
      writeEntry(logger, entry)
    },
    reopen: () => {
      file.reopen()
    },
    flush: ms => file.flush(ms)
  }
}

function writeEntry(
  logger: Record<LogLevel, (fields: Record<string, unknown>) => void>,
  entry: LogEntry
): void {
  logger[entry.level](formatEcs(entry))
}

function leftOutLine(lines: number): string {
  const message = 'Lines were left out: the file could not take them in time.'
  const entry: LogEntry = { at: Date.now(), level: 'warn', logger: 'log', message, facts: { lines } }
  return `${JSON.stringify({ 'log.level': entry.level, ...formatEcs(entry) })}\n`
}
