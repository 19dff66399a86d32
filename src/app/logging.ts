import { isatty } from 'node:tty'
import type { Log } from '../core/contracts.ts'
import { messageOf, type Facts } from '../core/errors.ts'
import type { JsonFile } from './json-file.ts'
import { formatText, type LogLevel } from './log-format.ts'
import { isLogged, type LogSettings } from './log-settings.ts'
import type { TextOutput } from './text-output.ts'

const STANDARD_ERROR = 2
const FLUSH_MS = 1000

/** The log of the whole process: human text on standard error, JSON lines in a file, or both. */
export class Logging {
  readonly #settings: LogSettings
  readonly #console: TextOutput
  readonly #coloured: boolean
  readonly #file: JsonFile | undefined
  readonly #logs = new Map<string, Log>()

  constructor(settings: LogSettings, console: TextOutput, coloured: boolean, file: JsonFile | undefined) {
    this.#settings = settings
    this.#console = console
    this.#coloured = coloured
    this.#file = file
  }

  /** The log of one part of the agent; its name stands on every line. */
  log(logger: string): Log {
    const known = this.#logs.get(logger)
    if (known !== undefined) return known
    const at = (level: LogLevel) =>
      isLogged(level, this.#settings.level)
        ? (message: string, facts: Facts = {}): void => {
            this.#write(level, logger, message, facts)
          }
        : (): void => {}
    const log: Log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
    this.#logs.set(logger, log)
    return log
  }

  /** Says what the operator asked for, whatever the level. */
  answer(logger: string, message: string, facts: Facts = {}): void {
    this.#write('info', logger, message, facts)
  }

  /** Opens the file anew, after something else renamed it. */
  reopen(): void {
    this.#file?.reopen()
  }

  get hasFile(): boolean {
    return this.#file !== undefined
  }

  /** Resolves once everything is written, or to false when a reader is so slow that it is not worth waiting for. */
  async flush(): Promise<boolean> {
    const [toConsole, toFile] = await Promise.all([
      this.#console.flush(FLUSH_MS),
      this.#file?.flush(FLUSH_MS) ?? true
    ])
    return toConsole && toFile
  }

  #write(level: LogLevel, logger: string, message: string, facts: Facts): void {
    const entry = { at: Date.now(), level, logger, message, facts }
    if (this.#settings.console) this.#console.write(`${formatText(entry, this.#coloured)}\n`)
    this.#file?.write(entry)
  }
}

/** Opens the log as the settings say; a file that cannot be opened means the console, and an error there. */
export async function openLogging(
  settings: LogSettings,
  console: TextOutput,
  variables: Readonly<Record<string, string | undefined>>
): Promise<Logging> {
  const coloured = isatty(STANDARD_ERROR) && (variables['NO_COLOR'] ?? '') === ''
  if (settings.file === undefined)
    return warned(new Logging(settings, console, coloured, undefined), settings)
  const { openJsonFile } = await import('./json-file.ts')
  try {
    const onTrouble = (error: unknown): void => {
      console.line(`The log file cannot be written or rolled: ${messageOf(error)}`)
    }
    const file = await openJsonFile(settings.file, settings.rolls, onTrouble)
    return warned(new Logging(settings, console, coloured, file), settings)
  } catch (error) {
    const logging = new Logging({ ...settings, console: true }, console, coloured, undefined)
    logging
      .log('log')
      .error('The log file cannot be opened, the log goes to the console.', { file: settings.file, error })
    return logging
  }
}

function warned(logging: Logging, { unknown }: LogSettings): Logging {
  if (unknown.length > 0) {
    logging
      .log('log')
      .warn(
        'The log settings have words that mean nothing here; write flume.root.logger=LEVEL,console or LEVEL,LOGFILE, and flume.log.roll=true or false.',
        { unknown }
      )
  }
  return logging
}
