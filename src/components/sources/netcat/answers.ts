import type { IngestResult } from '../../../core/contracts/source.ts'
import type { AgentError } from '../../../core/errors.ts'
import type { LineSegment } from '../../../wire/lines.ts'

/** What became of some lines of one sender that follow one another. */
export interface Answer<Sender> {
  readonly sender: Sender
  readonly lines: number
  /** Why they were refused; undefined where the channels hold them. */
  readonly error: AgentError | undefined
}

/** What became of those lines that were tried, in their order. */
export function* answersTo<Sender>(
  segments: readonly LineSegment<Sender>[],
  result: IngestResult
): Generator<Answer<Sender>, undefined> {
  const runs = runsOf(result)
  let run = runs.next().value
  let told = 0
  for (const { sender, lines } of segments) {
    for (let left = lines; left > 0;) {
      if (run === undefined) return
      const count = Math.min(left, run.lines - told)
      yield { sender, lines: count, error: run.error }
      left -= count
      told += count
      if (told < run.lines) continue
      run = runs.next().value
      told = 0
    }
  }
  return undefined
}

function* runsOf({
  tried,
  refusals
}: IngestResult): Generator<{ lines: number; error: AgentError | undefined }, undefined> {
  let at = 0
  for (const { from, to, error } of refusals) {
    if (from > at) yield { lines: from - at, error: undefined }
    yield { lines: to - from, error }
    at = to
  }
  if (tried > at) yield { lines: tried - at, error: undefined }
  return undefined
}
