import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { pino } from 'pino'
import { formatEcs, type LogEntry, type LogLevel } from './log-format.ts'
import { FLUME_LIMITS, RollingFile } from './rolling-file.ts'

/** JSON lines in a file. */
export interface JsonFile {
  write(entry: LogEntry): void
  reopen(): void
  /** Resolves to whether everything was written within `ms`. */
  flush(ms: number): Promise<boolean>
}

/** Opens, or creates, the file and its folder. Rejects when that fails; later trouble is told to `onTrouble`. */
export async function openJsonFile(
  path: string,
  rolls: boolean,
  onTrouble: (error: unknown) => void
): Promise<JsonFile> {
  mkdirSync(dirname(path), { recursive: true })
  const file = await RollingFile.open(path, rolls ? FLUME_LIMITS : undefined, onTrouble)
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
