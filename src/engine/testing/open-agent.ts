import assert from 'node:assert/strict'
import type { AnyDefinition } from '../../core/component.ts'
import type { AgentPlan } from '../../core/plan.ts'
import { FakeClock } from '../../testing/fake-clock.ts'
import { FakeLog } from '../../testing/fake-log.ts'
import { Agent } from '../agent.ts'

/** An agent of these definitions, with its clock and one log for each component. */
export function openAgent(plan: Partial<AgentPlan>, definitions: readonly AnyDefinition[]) {
  const clock = new FakeClock()
  const logs = new Map<string, FakeLog>()
  const log = (component: string): FakeLog => {
    const own = logs.get(component) ?? new FakeLog()
    logs.set(component, own)
    return own
  }
  const whole: AgentPlan = { agent: 'a', channels: [], sources: [], sinks: [], groups: [], ...plan }
  const agent = new Agent(whole, {
    log,
    clock,
    memoryBytes: 1_000_000,
    resolved: () => undefined,
    load: () => Promise.reject(new Error('Nothing is installed.')),
    environment: { variables: {}, properties: {}, configDirectory: undefined },
    definition: ({ kind, type }) => {
      const found = definitions.find(one => one.kind === kind && one.type === type)
      assert.ok(found, `${kind} ${type}`)
      return found
    }
  })
  return { agent, clock, logs }
}
