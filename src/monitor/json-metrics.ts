import type { CounterGroup, DetailsTable } from '../core/counters.ts'
import type { Reading } from '../core/metrics.ts'
import { formatJavaDouble } from '../java/format-double.ts'

// The one attribute that Flume holds as a double, whole values included.
const DOUBLES = new Set(['ChannelFillPercentage'])
// A timer is shown as these attributes, which begin with its name.
const TIMER_PARTS = [
  ['count', 'Count'],
  ['sum', 'Sum'],
  ['p50', 'P50'],
  ['p99', 'P99']
] as const
// What Gson escapes beside JSON's own: characters that mean something in HTML, and two line ends of JavaScript.
const HTML_UNSAFE = /[<>&='\u2028\u2029]/g

/** All counters as the text of Flume's `/metrics`: one compact object, every value a string. */
export function renderMetrics(groups: readonly CounterGroup[]): string {
  const rendered: Record<string, Record<string, string>> = {}
  for (const group of groups) rendered[`${group.type}.${group.name}`] = attributes(group)
  return JSON.stringify(rendered).replaceAll(
    HTML_UNSAFE,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  )
}

/** All tables as one JSON object, by `SINK.k1` and so on; values are JSON's own. */
export function renderDetails(tables: readonly DetailsTable[]): string {
  return JSON.stringify(
    Object.fromEntries(tables.map(({ type, name, ...table }) => [`${type}.${name}`, table]))
  )
}

function attributes({ type, startTime, stopTime, values }: CounterGroup): Record<string, string> {
  const texts: Record<string, string> = {
    Type: type,
    StartTime: String(startTime),
    StopTime: String(stopTime)
  }
  for (const [name, value] of Object.entries(values)) {
    if (typeof value !== 'object') texts[name] = textOf(name, value)
    else for (const [part, end] of TIMER_PARTS) texts[name + end] = textOf(name, value[part])
  }
  return texts
}

function textOf(name: string, value: Reading): string {
  if (typeof value !== 'number') return String(value)
  if (DOUBLES.has(name)) return formatJavaDouble(value)
  // Channels that only their store bounds report a capacity of 0, as Flume's do.
  if (!Number.isFinite(value)) return '0'
  return Number.isInteger(value) ? value.toFixed(0) : formatJavaDouble(value)
}
