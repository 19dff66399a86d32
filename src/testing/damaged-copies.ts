import assert from 'node:assert/strict'
import fc from 'fast-check'
import { AgentError } from '../core/errors.ts'

/** Copies of `whole` that end anywhere, with up to four of its bytes changed. */
export function damagedCopies(whole: Buffer): fc.Arbitrary<Buffer> {
  const change = fc.record({ at: fc.nat(whole.length - 1), value: fc.nat(255) })
  const changes = fc.array(change, { minLength: 1, maxLength: 4 })
  return fc.tuple(changes, fc.nat(whole.length)).map(([all, length]) => {
    const bytes = Buffer.from(whole.subarray(0, length))
    for (const { at, value } of all) if (at < length) bytes[at] = value
    return bytes
  })
}

/** Whatever is damaged in `whole`, `readAll` gives a list or an AgentError. */
export async function survivesDamage(
  whole: Buffer,
  readAll: (bytes: Buffer) => Promise<readonly unknown[]>
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(damagedCopies(whole), async bytes => {
      const outcome = await readAll(bytes).catch((error: unknown) => error)

      assert.ok(
        Array.isArray(outcome) || outcome instanceof AgentError,
        Error.isError(outcome) ? outcome : undefined
      )
    }),
    { numRuns: 300 }
  )
}
