/** Where an event is held. */
export type Tier = 'memory' | 'overflow'

/** Consecutive events of one tier; numbered as they came, over both tiers, `to` not included. */
export interface Span {
  readonly tier: Tier
  readonly from: number
  readonly to: number
}

/** Which tier has the next events: the order of arrival over both, first in, first out. */
export class DrainOrder {
  /** Ascending, without overlaps; neighbours that belong together are one. What is on loan is missing. */
  #spans: Span[] = []
  /** Places of events that are not there yet; nothing behind the first one is taken. Ascending. */
  #reserved: Span[] = []
  #next = 0
  #length = 0

  /** Events that are there and not on loan. */
  get length(): number {
    return this.#length
  }

  /** What is taken next. */
  get head(): { readonly tier: Tier; readonly events: number } | undefined {
    const [[first], [awaited]] = [this.#spans, this.#reserved]
    if (first === undefined || (awaited !== undefined && awaited.from < first.from)) return undefined
    return { tier: first.tier, events: first.to - first.from }
  }

  /** Tiers and events in order. */
  get runs(): readonly (readonly [Tier, number])[] {
    return this.#spans.map(({ tier, from, to }) => [tier, to - from])
  }

  /** Events came, younger than all others. */
  add(tier: Tier, events: number): void {
    if (events > 0) this.#insert(this.#number(tier, events), this.#spans.length)
  }

  /** Keeps the place of events that are on their way, younger than all others. */
  reserve(tier: Tier, events: number): Span {
    const span = this.#number(tier, events)
    this.#reserved.push(span)
    return span
  }

  /** The events of a reserved place have come. What comes after clear() has no place any more. */
  fill(span: Span): void {
    if (this.cancel(span)) this.giveBack(span)
  }

  /** The events of a reserved place do not come. Returns whether it was reserved. */
  cancel(span: Span): boolean {
    const at = this.#reserved.indexOf(span)
    if (at >= 0) this.#reserved.splice(at, 1)
    return at >= 0
  }

  /** Removes up to `events` of the oldest of a tier, out of one span; undefined when it has none. */
  take(tier: Tier, events: number): Span | undefined {
    const at = this.#spans.findIndex(span => span.tier === tier)
    const span = this.#spans[at]
    if (span === undefined || events <= 0) return undefined
    const { from } = span
    const to = Math.min(span.to, from + events)
    this.#spans.splice(at, 1, ...(to < span.to ? [{ tier, from: to, to: span.to }] : []))
    this.#length -= to - from
    return { tier, from, to }
  }

  /** Removes the oldest `events` of a tier, wherever they are. */
  drop(tier: Tier, events: number): void {
    for (let left = events; left > 0;) {
      const gone = this.take(tier, left)
      if (gone === undefined) return
      left -= gone.to - gone.from
    }
  }

  /** Puts events that were taken back into their place. */
  giveBack(span: Span): void {
    const at = this.#spans.findIndex(({ from }) => from > span.from)
    this.#insert(span, at < 0 ? this.#spans.length : at)
  }

  /** Forgets all. */
  clear(): void {
    this.#spans = []
    this.#reserved = []
    this.#length = 0
  }

  #number(tier: Tier, events: number): Span {
    const from = this.#next
    this.#next += events
    return { tier, from, to: this.#next }
  }

  #insert(span: Span, at: number): void {
    this.#length += span.to - span.from
    const [before, behind] = [at > 0 ? this.#spans[at - 1] : undefined, this.#spans[at]]
    const joinsBefore = before?.tier === span.tier && before.to === span.from
    const joinsBehind = behind?.tier === span.tier && behind.from === span.to
    const joined: Span = {
      tier: span.tier,
      from: joinsBefore ? before.from : span.from,
      to: joinsBehind ? behind.to : span.to
    }
    this.#spans.splice(joinsBefore ? at - 1 : at, (joinsBefore ? 1 : 0) + (joinsBehind ? 1 : 0), joined)
  }
}
