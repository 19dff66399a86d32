import { cpus, release, totalmem } from 'node:os'
import type { Comparison } from './baseline.ts'
import { isReached, type Answer, type Bar } from './question.ts'

/** A table in columns; the first row is the heading. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0)))
  return rows
    .map(row =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)
        )
        .join('  ')
        .trimEnd()
    )
    .join('\n')
}

/** What was found, for people. */
export function formatAnswer(answer: Answer): string {
  return ['', answer.title, '', formatTable(answer.table)].join('\n')
}

/** All bars with pass or miss. */
export function formatBars(bars: readonly Bar[]): string {
  const rows = bars.map(bar => [
    isReached(bar) ? 'pass' : 'MISS',
    bar.what,
    number(bar.value),
    bar.sense,
    `${number(bar.limit)} ${bar.unit}`.trim()
  ])
  return rows.length === 0 ? '' : `\nBars\n\n${formatTable([['', '', 'value', '', 'bar'], ...rows])}`
}

/** Ratios beside the baseline. */
export function formatComparisons(comparisons: readonly Comparison[]): string {
  if (comparisons.length === 0) return ''
  const rows = comparisons.map(({ name, value, before, isSlower }) => [
    isSlower ? 'SLOWER' : 'fine',
    name,
    value.toFixed(2),
    before.toFixed(2),
    (value / before).toFixed(2)
  ])
  return `\nAgainst bench/baseline.json (below 0.85 fails)\n\n${formatTable([['', '', 'now', 'before', 'ratio'], ...rows])}`
}

/** Everything under a heading `## Results`, for docs/performance.md. */
export function formatMarkdown(surroundings: readonly string[], answers: readonly Answer[]): string {
  const bars = answers.flatMap(answer => answer.bars)
  const barRows = bars.map(bar => [
    isReached(bar) ? 'reached' : '**missed**',
    bar.what,
    number(bar.value),
    `${bar.sense} ${number(bar.limit)} ${bar.unit}`.trim()
  ])
  return [
    '## Results',
    '',
    ...surroundings.map(line => `- ${line}`),
    '',
    ...markdownTable([['', 'bar', 'measured', 'wanted'], ...barRows]),
    '',
    ...answers.flatMap(answer => [`**${answer.title}**`, '', ...markdownTable(answer.table), ''])
  ].join('\n')
}

function markdownTable([heading = [], ...rows]: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(heading), `|${'---|'.repeat(heading.length)}`, ...rows.map(line)]
}

/** The machine and what runs on it, in one line. */
export function machine(): string {
  const processors = cpus()
  const memory = (totalmem() / 2 ** 30).toFixed(0)
  return `${processors.length} × ${processors[0]?.model.trim() ?? 'processor'}, ${memory} GiB, Linux ${release()}, Node ${process.version}`
}

function number(value: number): string {
  return Math.abs(value) >= 1000 ? value.toFixed(0) : String(Number(value.toPrecision(3)))
}
