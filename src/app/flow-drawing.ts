import type { AgentPlan } from '../core/plan.ts'

/** What to write for one component: `source1 netcat 127.0.0.1:44444`. */
export type Label = (kind: 'source' | 'channel' | 'sink', name: string) => string

/** One line of the drawing; `join` and `drain` are the lines that lead to and from a channel. */
interface Row {
  source: string
  join: string
  channel: string
  drain: string
  sink: string
}

const STRAIGHT = '──▶ '
const FORK = { first: '─┬▶ ', next: ' ├▶ ', last: ' └▶ ', past: ' │  ' }
const MERGE = { first: '─┬▶ ', next: '─┤  ', last: '─┘  ' }
const NOTHING = '    '

/** The flows of an agent as text: sources on the left, channels in the middle, sinks on the right. */
export function drawFlows(plan: AgentPlan, label: Label): string[] {
  const rows: Row[] = []
  const drawn = new Set<string>()
  for (const { name } of plan.channels) {
    if (drawn.has(name)) continue
    const group = channelsOfSameSource(plan, name)
    for (const channel of group) drawn.add(channel)
    rows.push(...drawGroup(plan, group, label))
  }
  const sourceWidth = widest(rows.map(row => row.source))
  const channelWidth = widest(rows.map(row => row.channel))
  return rows.map(({ source, join, channel, drain, sink }) =>
    (
      drawnOut(source, sourceWidth, join) +
      join +
      drawnOut(channel, channelWidth, drain) +
      drain +
      sink
    ).trimEnd()
  )
}

// A source that feeds several channels which nothing else feeds is drawn once, before all of them.
function channelsOfSameSource(plan: AgentPlan, channel: string): string[] {
  const [only, ...others] = sourcesOf(plan, channel)
  if (only === undefined || others.length > 0) return [channel]
  return plan.channels
    .map(({ name }) => name)
    .filter(name => sourcesOf(plan, name).length === 1 && sourcesOf(plan, name)[0] === only)
}

function drawGroup(plan: AgentPlan, channels: readonly string[], label: Label): Row[] {
  return channels.flatMap((channel, at) => {
    const sinks = plan.sinks.filter(sink => sink.channel === channel).map(({ name }) => label('sink', name))
    const sources = sourcesOf(plan, channel).map(name => label('source', name))
    const forked = channels.length > 1
    const height = Math.max(forked ? 1 : sources.length, sinks.length, 1)
    return Array.from({ length: height }, (_, row): Row => ({
      source: forked && at > 0 ? '' : (sources[row] ?? ''),
      join: forked ? fork(at, channels.length, row) : merge(row, sources.length),
      channel: row === 0 ? label('channel', channel) : '',
      ...drained(sinks, row)
    }))
  })
}

function drained(sinks: readonly string[], row: number): { drain: string; sink: string } {
  if (sinks.length === 0) return { drain: NOTHING, sink: 'no sink takes from it' }
  const drain = row >= sinks.length ? NOTHING : sinks.length === 1 ? STRAIGHT : fork(row, sinks.length, 0)
  return { drain, sink: sinks[row] ?? '' }
}

function fork(at: number, of: number, row: number): string {
  if (row > 0) return at === of - 1 ? NOTHING : FORK.past
  return at === 0 ? FORK.first : at === of - 1 ? FORK.last : FORK.next
}

function merge(row: number, of: number): string {
  if (row >= of) return NOTHING
  if (of === 1) return STRAIGHT
  return row === 0 ? MERGE.first : row === of - 1 ? MERGE.last : MERGE.next
}

// The text and a line from its end to the common width, where the connection starts with a line.
function drawnOut(text: string, width: number, connection: string): string {
  if (text === '' || !connection.startsWith('─')) return `${text.padEnd(width)} `
  return `${text} ${'─'.repeat(width - text.length)}`
}

function sourcesOf(plan: AgentPlan, channel: string): string[] {
  return plan.sources.filter(({ channels }) => channels.includes(channel)).map(({ name }) => name)
}

function widest(texts: readonly string[]): number {
  return Math.max(0, ...texts.map(text => text.length))
}
