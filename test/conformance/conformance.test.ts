import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { FakeClock } from '../../src/testing/fake-clock.ts'
import { kept, until } from '../../src/testing/promise-kept.ts'
import { HOME } from '../e2e/agent-process.ts'
import { differences, PROMISES, type Subject } from './conformance.ts'
import { COMPONENTS, smallAgent } from './small-agents.ts'

const RETRY_MS = 3000
const LONG_MS = 3_600_000

for (const entry of COMPONENTS) {
  describe(`${entry.kind} ${entry.type}:`, () => {
    const { kind } = entry
    for (const { promise, check } of kind === 'source' || kind === 'channel' || kind === 'sink'
      ? PROMISES[kind]
      : []) {
      test(promise, async t => {
        const { make, component, needs } = await smallAgent(t, entry)
        if (needs.length > 0) return t.skip(`needs ${needs.join(', ')}: its own tests have one`)
        assert.ok(component !== undefined, 'its smallest agent uses it')
        await check({ kind, make } as Subject)
      })
    }

    test('its smallest agent runs, starts again what fails, and counts what it counts once', async t => {
      const clock = new FakeClock()
      const { run, component, needs } = await smallAgent(t, entry)
      if (needs.length > 0) return t.skip(`needs ${needs.join(', ')}: run in test/services`)
      const { agent, fail } = run(clock)
      const allAre = (state: string): boolean => agent.components().every(part => part.state === state)
      const soon = (): Promise<void> => clock.advance(1)
      await kept('an agent starts', agent.start())
      await until(() => allAre('running'), 'every component of the smallest agent runs', soon)
      if (component !== undefined) {
        fail(new Error('It broke.'))
        await until(() => !allAre('running'), 'what says that it broke is not running', soon)
        await until(
          () => allAre('running'),
          'what broke is started again',
          () => clock.advance(RETRY_MS)
        )
      }
      const stopping = agent.stop(LONG_MS)
      await until(() => allAre('stopped'), 'an agent stops', soon)
      const report = await kept('an agent stops', stopping)

      assert.deepEqual(report.unfinished, [])
      assert.deepEqual(differences(agent.counters(), agent.balance()), [])
    })

    test('its manual page has every setting, as the definition says it', async () => {
      const { settings } = await entry.load()
      const name = entry.type.replaceAll('_', '-')
      const page = join(HOME, 'docs', 'reference', `${kind}s`, `${name}.md`)
      assert.ok(existsSync(page), page)
      const text = readFileSync(page, 'utf8')
      const missing = Object.values(settings).flatMap(setting => {
        const { key } = setting
        return text.includes(`\`${key}`) ? [] : [key]
      })
      assert.deepEqual(missing, [])
    })
  })
}
