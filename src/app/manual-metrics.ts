import type { AnyDefinition } from '../core/component.ts'
import type { Metrics } from '../core/metrics.ts'

/** One line of a table of metrics, as texts. */
export interface MetricRow {
  readonly name: string
  /** `counter`, `gauge (bytes)`. */
  readonly kind: string
  readonly help: string
}

/** Declarations in their order. */
export function metricRows(metrics: Metrics = {}): MetricRow[] {
  return Object.entries(metrics).map(([name, { kind, unit, help }]) => ({
    name,
    kind: unit === '' ? kind : `${kind} (${unit})`,
    help
  }))
}

/** What a component shows of itself, for the reference; undefined when that is what all of its kind show. */
export function metricsMarkdown({ kind, metrics, details }: AnyDefinition): string | undefined {
  const parts = [
    metrics === undefined
      ? undefined
      : `Beside the [counters of every ${kind}](../counters.md) it has at \`/metrics\`:\n\n${tableOf(metrics)}`,
    details === undefined
      ? undefined
      : `\`/details\` has a table **${details.title}**, with a \`name\` and:\n\n${tableOf(details.columns)}`
  ].filter(part => part !== undefined)
  return parts.length === 0 ? undefined : `## Monitoring\n\n${parts.join('\n\n')}`
}

/** The same for a terminal, each line cut by `wrap`. */
export function metricsText(
  { metrics, details }: AnyDefinition,
  wrap: (text: string) => string[]
): string | undefined {
  if (metrics === undefined && details === undefined) return undefined
  const lines = (rows: readonly MetricRow[]): string[] =>
    rows.flatMap(({ name, kind, help }) => [
      `  ${name}   ${kind}`,
      ...wrap(help).map(line => `      ${line}`)
    ])
  const table =
    details === undefined
      ? []
      : [`  Table of details: ${details.title}`, ...lines(metricRows(details.columns))]
  return ['Monitoring', ...lines(metricRows(metrics)), ...table].join('\n')
}

/** The rows as a table in Markdown. */
export function tableOf(metrics: Metrics): string {
  const rows = metricRows(metrics).map(({ name, kind, help }) => `| \`${name}\` | ${kind} | ${help} |`)
  return ['| name | kind | meaning |', '|---|---|---|', ...rows].join('\n')
}
