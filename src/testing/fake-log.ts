import type { Log } from '../core/contracts.ts'
import type { Facts } from '../core/errors.ts'

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
  readonly facts: Facts
}

/** A log that keeps its lines for the test to look at. */
export class FakeLog implements Log {
  readonly lines: LogLine[] = []

  debug(message: string, facts: Facts = {}): void {
    this.lines.push({ level: 'debug', message, facts })
  }

  info(message: string, facts: Facts = {}): void {
    this.lines.push({ level: 'info', message, facts })
  }

  warn(message: string, facts: Facts = {}): void {
    this.lines.push({ level: 'warn', message, facts })
  }

  error(message: string, facts: Facts = {}): void {
    this.lines.push({ level: 'error', message, facts })
  }

  /** The messages of one level. */
  messages(level: LogLine['level']): string[] {
    return this.lines.filter(line => line.level === level).map(line => line.message)
  }
}
