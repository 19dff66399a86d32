/**
 * The balance sheet: where every event is. Counted by the engine at the doors between the parts, and compared
 * with what the channels themselves say they hold.
 */
export interface BalanceSheet {
  readonly sources: readonly SourceBalance[]
  readonly channels: readonly ChannelBalance[]
  readonly sinks: readonly SinkBalance[]
  /** Every equation that does not hold, as a sentence; empty when all is well. */
  readonly differences: readonly string[]
}

/** received = accepted + rejected + entering. */
export interface SourceBalance {
  readonly name: string
  readonly received: number
  readonly accepted: number
  /** Refused to the sender, by error code. */
  readonly rejected: Readonly<Record<string, number>>
  /** Offered to the channels right now. */
  readonly entering: number
  /** Accepted, but kept from the channels on purpose, by reason (interceptors). Part of `accepted`. */
  readonly dropped: Readonly<Record<string, number>>
}

/** stored + recovered = held + taken + skipped + abandoned, within what is under way. */
export interface ChannelBalance {
  readonly name: string
  readonly stored: number
  /** Held at start already, what was lost in between included. */
  readonly recovered: number
  readonly taken: number
  /** What the channel itself says it holds, those on loan included, those abandoned not. */
  readonly held: number
  /** Events in puts and commits that have begun and not ended. */
  readonly storing: number
  readonly settling: number
  /** Held when the agent stopped, in a channel that does not keep them. */
  readonly abandoned: number
  /** Lost in damaged parts of a store, by reason. */
  readonly skipped: Readonly<Record<string, number>>
}

/** taken = delivered + dropped. */
export interface SinkBalance {
  readonly name: string
  readonly taken: number
  readonly delivered: number
  readonly dropped: Readonly<Record<string, number>>
}

export class SourceLedger {
  received = 0
  accepted = 0
  entering = 0
  readonly rejected: Record<string, number> = {}
  readonly dropped: Record<string, number> = {}
}

export class ChannelLedger {
  stored = 0
  recovered = 0
  taken = 0
  storing = 0
  settling = 0
  abandoned = 0
}

export class SinkLedger {
  taken = 0
  delivered = 0
  readonly dropped: Record<string, number> = {}
}

/** Adds to a count by reason. */
export function addTo(counts: Record<string, number>, reason: string, events: number): void {
  counts[reason] = (counts[reason] ?? 0) + events
}

/** The sum of counts by reason. */
export function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}

/** The sheet with its equations checked. `links` says which sinks drain which channel. */
export function balanceSheet(
  parts: Omit<BalanceSheet, 'differences'>,
  links: ReadonlyMap<string, readonly string[]>
): BalanceSheet {
  const differences: string[] = []
  for (const source of parts.sources) {
    const settled = source.accepted + sumOf(source.rejected) + source.entering
    if (source.received !== settled)
      differences.push(`Source ${source.name} received ${source.received}, settled ${settled}.`)
  }
  for (const channel of parts.channels) {
    const expected =
      channel.stored + channel.recovered - channel.taken - channel.abandoned - sumOf(channel.skipped)
    const held = channel.held
    if (held < expected - channel.settling || held > expected + channel.storing) {
      differences.push(`Channel ${channel.name} should hold ${expected}, holds ${held}.`)
    }
    const sinks = parts.sinks.filter(sink => links.get(channel.name)?.includes(sink.name))
    const drained = sinks.reduce((sum, sink) => sum + sink.taken, 0)
    if (drained !== channel.taken)
      differences.push(`Channel ${channel.name} gave ${channel.taken}, its sinks got ${drained}.`)
  }
  for (const sink of parts.sinks) {
    const settled = sink.delivered + sumOf(sink.dropped)
    if (sink.taken !== settled) differences.push(`Sink ${sink.name} took ${sink.taken}, settled ${settled}.`)
  }
  return { ...parts, differences }
}
