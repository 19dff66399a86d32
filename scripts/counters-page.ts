import { tableOf } from '../src/app/manual-metrics.ts'
import type { ManualPage } from '../src/app/manual.ts'
import { CHANNEL_COUNTERS, CHANNEL_MEASURES, SINK_COUNTERS, SOURCE_COUNTERS } from '../src/core/counters.ts'

/** The page of all counters; `pathOf` says where the page of a component is. */
export function countersPage(pages: readonly ManualPage[], pathOf: (page: ManualPage) => string): string {
  const own = pages
    .filter(({ definition: { metrics, details } }) => metrics !== undefined || details !== undefined)
    .map(page => {
      const { kind, type, metrics, details } = page.definition
      const names = Object.keys(metrics ?? {}).map(name => `\`${name}\``)
      return `| ${kind} [${type}](${pathOf(page)}) | ${names.join(', ')} | ${details?.title ?? ''} |`
    })
  return `# Counters

Every component has the counters of its kind, with Flume's names, at \`/metrics\` of the JSON reporter, and some have more. They come with
\`Type\`, \`StartTime\` and \`StopTime\` (milliseconds since 1970; 0 = never). All values are texts, numbers may have fractions.

A **counter** only grows while the agent runs. A **gauge** goes up and down. A **timer** \`X\` is shown as \`XCount\` (how often),
\`XSum\` (how long in all), \`XP50\` and \`XP99\` (what half and 99 of 100 of the latest 1,024 stayed below), in milliseconds. A **label** is words.

## Sources

${tableOf(SOURCE_COUNTERS)}

## Channels

${tableOf({ ...CHANNEL_COUNTERS, ...CHANNEL_MEASURES })}

The time of an event is that at which its channel held it. It is kept for each put, not for each event, and goes on over a
restart where events do: to the second for a \`file\` channel; for a \`spillablememory\` channel what was in memory at the stop counts as old
as the oldest of it.

## Sinks

${tableOf(SINK_COUNTERS)}

## Of single components

| | beside these | table of details |
|---|---|---|
${own.join('\n')}

## Details

\`/details\`, for clients on the same machine only, has what components work on: files, connections, segments. It is one JSON
object, by \`SINK.k1\` and so on:

\`\`\`json
{"SINK.k1": {"title": "Open file", "columns": {"events": {"kind": "gauge", "unit": "events", "help": "Events in it."}},
             "rows": [{"name": "/var/log/flume/1700000000000-1", "events": 1200}], "more": 0}}
\`\`\`

There are at most 100 rows; \`more\` is how many others there are. Values are JSON's own: numbers, texts, true and false.
`
}
