import { plural } from '../../core/plural.ts'
import type { EventBatch } from '../../core/batch.ts'
import { type ChannelDamage, type ChannelFolder } from './channel-folder.ts'

/** What `flume-ng channel inspect` says about one channel; with --json, as it stands here. */
export interface ChannelSummary {
  readonly format: ChannelFolder['format']
  readonly files: ChannelFolder['files']
  /** Of all files. */
  readonly bytes: number
  /** Events held that can be read. */
  readonly events: number
  /** Events held that cannot. */
  readonly lost: number
  readonly bodyBytes: number
  /** Least and greatest `timestamp` header, milliseconds since the epoch; null where no event has one. */
  readonly oldest: number | null
  readonly newest: number | null
  readonly facts: ChannelFolder['facts']
  /** The first 1000 of damageCount. */
  readonly damages: readonly ChannelDamage[]
  readonly damageCount: number
}

/** Reads all events of a channel once. */
export async function summarize(folder: ChannelFolder): Promise<ChannelSummary> {
  const seen = { events: 0, bodyBytes: 0, oldest: Infinity, newest: -Infinity }
  for await (const batch of folder.batches()) {
    seen.events += batch.length
    seen.bodyBytes += batch.bodyBytes
    if (!batch.headers.empty) lookAtTimes(batch, seen)
  }
  const { format, files, facts, damages } = folder
  return {
    format,
    files,
    facts,
    damages,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    events: seen.events,
    lost: folder.events - seen.events + (facts['skipped'] ?? 0),
    bodyBytes: seen.bodyBytes,
    oldest: Number.isFinite(seen.oldest) ? seen.oldest : null,
    newest: Number.isFinite(seen.newest) ? seen.newest : null,
    damageCount: folder.damageCount()
  }
}

function lookAtTimes(batch: EventBatch, seen: { oldest: number; newest: number }): void {
  for (let i = 0; i < batch.length; i++) {
    const text = batch.header(i, 'timestamp')
    const time = text === undefined || !/^\d{1,15}$/.test(text) ? NaN : Number(text)
    if (time < seen.oldest) seen.oldest = time
    if (time > seen.newest) seen.newest = time
  }
}

/** The summary as a small table. */
export function summaryLines(summary: ChannelSummary): string[] {
  const { format, files, events, lost, bodyBytes, oldest, newest, damageCount, facts } = summary
  const rows: [string, string][] = [
    ['format', format === 'flume' ? `Apache Flume 1.x, log version ${versionText(summary)}` : 'Millrace'],
    [format === 'flume' ? 'logs' : 'segments', `${files.length} (${sizeText(summary.bytes)})`],
    ['events held', `${events.toLocaleString('en-US')} (${sizeText(bodyBytes)} of bodies)`]
  ]
  if (lost > 0) rows.push(['events lost', lost.toLocaleString('en-US')])
  if (oldest !== null && newest !== null)
    rows.push(['timestamps', `${timeText(oldest)} to ${timeText(newest)}`])
  rows.push(...factRows(format, facts))
  rows.push(['damage', damageCount === 0 ? 'none' : plural(damageCount, 'part')])
  return [...boxLines(rows), ...damageLines(summary)]
}

function versionText({ files, facts }: ChannelSummary): string {
  const old = facts['oldLogs'] ?? 0
  return old === 0 ? '3' : old === files.length ? '2' : '2 and 3'
}

/** Each damage on two lines: where and how much, then what. */
export function damageLines({
  damages,
  damageCount
}: Pick<ChannelSummary, 'damages' | 'damageCount'>): string[] {
  const lines = damages.flatMap(({ file, at, bytes, lost, reason }) => [
    `${file} at ${at}${bytes === undefined ? '' : `, ${plural(bytes, 'byte')}`}: lost ${lost === 'unknown' ? 'an unknown number of records' : lost}`,
    `    ${reason}`
  ])
  const more = damageCount - damages.length
  return more > 0 ? [...lines, `and ${plural(more, 'part')} more`] : lines
}

function factRows(format: ChannelFolder['format'], facts: ChannelFolder['facts']): [string, string][] {
  const count = (name: string): number => facts[name] ?? 0
  if (format !== 'flume') return ourRows(count('givenUp'), count('returned'))
  const records = ['put', 'take', 'commit', 'rollback'].map(name => plural(count(`${name}s`), name))
  const rows: [string, string][] = [['records', records.join(', ')]]
  if (count('noOps') > 0)
    rows.push(['taken out', `${plural(count('noOps'), 'record')} by the integrity tool`])
  if (count('encrypted') > 0) rows.push(['encrypted', plural(count('encrypted'), 'log')])
  if (count('unfinished') > 0)
    rows.push(['left out', `${plural(count('unfinished'), 'event')} never committed`])
  if (count('assumed') > 0)
    rows.push(['kept', `${plural(count('assumed'), 'event')} whose commit may be in a damaged part`])
  return rows
}

function ourRows(givenUp: number, returned: number): [string, string][] {
  const rows: [string, string][] = []
  if (returned > 0) rows.push(['came back', `${plural(returned, 'event')} of those held, delivered last`])
  if (givenUp > 0)
    rows.push(['given up', `${plural(givenUp, 'event')} earlier, whose files did not come back`])
  return rows
}

function boxLines(rows: readonly (readonly [string, string])[]): string[] {
  const left = Math.max(...rows.map(([name]) => name.length))
  const right = Math.max(...rows.map(([, value]) => value.length))
  const line = (a: string, b: string, c: string): string =>
    `${a}${'─'.repeat(left + 2)}${b}${'─'.repeat(right + 2)}${c}`
  return [
    line('┌', '┬', '┐'),
    ...rows.map(([name, value]) => `│ ${name.padEnd(left)} │ ${value.padEnd(right)} │`),
    line('└', '┴', '┘')
  ]
}

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB']

function sizeText(bytes: number): string {
  let [value, unit] = [bytes, 0]
  while (value >= 1024 && unit < UNITS.length - 1) [value, unit] = [value / 1024, unit + 1]
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit] ?? ''}`
}

function timeText(milliseconds: number): string {
  const time = new Date(milliseconds)
  return Number.isNaN(time.getTime()) ? String(milliseconds) : time.toISOString()
}
