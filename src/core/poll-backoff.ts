import { long } from './schema.ts'

/** Settings of polled sources: how long they pause after polls that find nothing. */
export const POLL_BACKOFF = {
  incrementMs: long('backoffSleepIncrement', {
    doc: 'By how much the pause grows with each poll that finds nothing.',
    default: 1000,
    min: 0,
    unit: 'ms'
  }),
  maxMs: long('maxBackoffSleep', { doc: 'Longest pause.', default: 5000, min: 0, unit: 'ms' })
}
