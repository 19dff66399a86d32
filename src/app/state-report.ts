import type { Agent } from '../engine/agent.ts'
import type { Logging } from './logging.ts'

/** Logs what every component is at and what it waits for, whatever the level: somebody asked. */
export function reportState(agent: Pick<Agent, 'waits' | 'stopWaits'> | undefined, logging: Logging): void {
  if (agent === undefined) {
    logging.answer('agent', 'The agent is being put together.')
    return
  }
  const stopWaits = agent.stopWaits()
  if (stopWaits.length > 0) logging.answer('agent', 'The agent is stopping.', { waitsFor: stopWaits })
  else logging.answer('agent', 'What every component is at:')
  for (const { kind, name, state, waitsFor, sinceMs, error } of agent.waits()) {
    logging.answer(`${kind} ${name}`, 'State.', { state, waitsFor, sinceMs, error })
  }
}
