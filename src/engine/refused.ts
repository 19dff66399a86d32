import type { EventBatch } from '../core/batch.ts'
import type { Refusal } from '../core/contracts/source.ts'
import type { AgentError } from '../core/errors.ts'

/** Which events of one batch a required channel has refused: those are not offered to the channels behind it. */
export class Refused {
  readonly #batch: EventBatch
  /** By place in the batch, undefined for those that nobody refused; nothing while that is all of them. */
  #errors: (AgentError | undefined)[] | undefined

  constructor(batch: EventBatch) {
    this.#batch = batch
  }

  /** All events of `part`, which was cut from the batch, are refused. */
  add(part: EventBatch, error: AgentError): void {
    const errors = (this.#errors ??= Array.from({ length: this.#batch.length }))
    const places = placesOf(part, this.#batch)
    // Nobody may be told that an event is stored that might be one of the refused.
    if (places === undefined) for (let i = 0; i < errors.length; i++) errors[i] ??= error
    else for (const place of places) errors[place] ??= error
  }

  /** The events of `part`, which was cut from the batch, that nobody has refused; all where that cannot be told. */
  keep(part: EventBatch): EventBatch {
    const errors = this.#errors
    const places = errors && placesOf(part, this.#batch)
    return places === undefined ? part : part.filter(i => errors?.[places[i] ?? 0] === undefined)
  }

  /** The same by place in `original`, from which interceptors made the batch. */
  refusals(original: EventBatch): readonly Refusal[] {
    const errors = this.#errors
    if (errors === undefined) return []
    const places = placesOf(this.#batch, original)
    const error = errors.find(reason => reason !== undefined)
    if (places === undefined) return error === undefined ? [] : [{ from: 0, to: original.length, error }]
    return rangesOf(errors, places)
  }
}

function rangesOf(errors: readonly (AgentError | undefined)[], places: Uint32Array): readonly Refusal[] {
  const ranges: { from: number; to: number; error: AgentError }[] = []
  for (const [i, error] of errors.entries()) {
    const place = places[i]
    if (error === undefined || place === undefined) continue
    const last = ranges.at(-1)
    if (last?.to === place && last.error === error) last.to++
    else ranges.push({ from: place, to: place + 1, error })
  }
  return ranges
}

/**
 * Where the events of `part` stand in `whole`, from which they were taken in order; undefined where that cannot be
 * told: their bodies were copied, or neighbours have the same bytes.
 */
function placesOf(part: EventBatch, whole: EventBatch): Uint32Array | undefined {
  if (part.length === whole.length) return Uint32Array.from({ length: part.length }, (_, i) => i)
  if (part.slab !== whole.slab) return undefined
  const places = new Uint32Array(part.length)
  let found = 0
  for (let i = 0; i < whole.length; i++) {
    if (i > 0 && sameBytes(whole, i, whole, i - 1)) return undefined
    if (found < part.length && sameBytes(whole, i, part, found)) places[found++] = i
  }
  return found === part.length ? places : undefined
}

function sameBytes(a: EventBatch, i: number, b: EventBatch, j: number): boolean {
  return a.starts[i] === b.starts[j] && a.ends[i] === b.ends[j]
}
