import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { DurableLog } from '../../src/store/durable-log.ts'
import {
  createFrameCipher,
  type FrameCipher,
  type NamedKey,
  type SegmentCipher
} from '../../src/store/frame-cipher.ts'
import type { DurableLogOptions } from '../../src/store/log-options.ts'
import { report } from './crash-report.ts'
import { playStory } from './story-runner.ts'
import { stories } from './story.ts'

// A fifth of the stories that the plain log plays; MILLRACE_STORIES and MILLRACE_SEED repeat a long run.
const RUNS = Math.ceil(Number(process.env['MILLRACE_STORIES'] ?? 300) / 5)
const SEED = Number(process.env['MILLRACE_SEED'] ?? 1)
const KEYS: readonly NamedKey[] = [16, 24, 32].map(bytes => ({
  name: `key-${bytes}`,
  bytes: Buffer.alloc(bytes, bytes)
}))

test(
  'an encrypted, compressed log keeps its word, with another key in each life, and never repeats a nonce',
  { timeout: 2 ** 31 - 1 },
  async () => {
    const property = fc.asyncProperty(stories, async story => {
      const nonces = new NonceRecord()
      let life = 0

      const violations = await playStory(story, options => DurableLog.open(nonces.encrypted(options, life++)))

      assert.deepEqual([...violations, ...nonces.repeated], [])
    })

    await fc.assert(property, { numRuns: RUNS, seed: SEED })
    report(`${RUNS} random stories, encrypted and compressed`)
  }
)

/** Notes what is sealed with which nonce, over all lives of a story. */
class NonceRecord {
  readonly repeated: string[] = []
  readonly #seen = new Set<string>()

  encrypted(options: DurableLogOptions, life: number): DurableLogOptions {
    const active = KEYS[life % KEYS.length]
    const codec = life % 2 === 0 ? { codec: 'zstd' as const } : {}
    return { ...options, ...codec, cipher: this.#recording(createFrameCipher(active, KEYS)) }
  }

  #recording(cipher: FrameCipher): FrameCipher {
    return {
      keyId: cipher.keyId,
      newSalt: () => cipher.newSalt(),
      forSegment: segment => {
        const inner = cipher.forSegment(segment)
        return (
          inner &&
          this.#recordingSegment(
            inner,
            `${segment.keyId} ${segment.salt.toString('hex')} ${segment.segmentId}`
          )
        )
      }
    }
  }

  #recordingSegment(cipher: SegmentCipher, identity: string): SegmentCipher {
    return {
      open: (offset, header, sealed) => cipher.open(offset, header, sealed),
      seal: (offset, header, plain, target) => {
        const nonce = `${identity} ${offset}`
        if (this.#seen.has(nonce)) this.repeated.push(nonce)
        this.#seen.add(nonce)
        return cipher.seal(offset, header, plain, target)
      }
    }
  }
}
