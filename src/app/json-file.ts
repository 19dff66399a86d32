import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { destination, pino } from 'pino'
import { formatEcs, type LogEntry, type LogLevel } from './log-format.ts'

const BUFFERED = 4096
const LONGEST_BACKLOG = 8 * 1024 * 1024
const FLUSH_EVERY_MS = 1000

/** JSON lines in a file, written in the background; what a full disk cannot take within 8 MiB is left out. */
export interface JsonFile {
  write(entry: LogEntry): void
  reopen(): void
  /** Resolves to whether everything was written within `ms`. */
  flush(ms: number): Promise<boolean>
}

/** Opens, or creates, the file and its folder. Rejects when that fails; later trouble is told to `onTrouble`, once. */
export async function openJsonFile(file: string, onTrouble: (error: Error) => void): Promise<JsonFile> {
  mkdirSync(dirname(file), { recursive: true })
  const target = destination({
    dest: file,
    sync: false,
    minLength: BUFFERED,
    maxLength: LONGEST_BACKLOG,
    periodicFlush: FLUSH_EVERY_MS
  })
  const opened = Promise.withResolvers<void>()
  target.once('ready', opened.resolve)
  target.once('error', opened.reject)
  await opened.promise
  let troubled = false
  target.on('error', (error: Error) => {
    if (!troubled) onTrouble(error)
    troubled = true
  })
  const logger = pino(
    {
      base: null,
      timestamp: false,
      level: 'debug',
      formatters: { level: label => ({ 'log.level': label }) }
    },
    target
  )
  return {
    write: entry => {
      writeEntry(logger, entry)
    },
    reopen: () => {
      target.reopen()
    },
    flush: ms => {
      const { promise, resolve } = Promise.withResolvers<boolean>()
      const timer = setTimeout(resolve, ms, false)
      target.flush(() => {
        clearTimeout(timer)
        resolve(true)
      })
      return promise
    }
  }
}

function writeEntry(
  logger: Record<LogLevel, (fields: Record<string, unknown>) => void>,
  entry: LogEntry
): void {
  logger[entry.level](formatEcs(entry))
}
