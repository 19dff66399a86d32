import assert from 'node:assert/strict'
import { test } from 'node:test'
import { temporaryFolder } from '../e2e/agent-process.ts'
import { report } from './crash-report.ts'
import { runBacklog } from './backlog-run.ts'

const MEBIBYTE = 1024 * 1024
const EVENTS = 10_000_000
const LONGEST_START_MS = 3000
/** 64 MiB of events are kept in memory, 16 MiB are being written or read; the rest is Node's. */
const MOST_MEMORY_BYTES = 250 * MEBIBYTE
const asked = process.env['MILLRACE_BACKLOG'] === '1'

test(
  'ten million events of backlog start at once, also after a kill, in bounded memory, and come out in order',
  {
    skip: asked ? false : 'takes a minute and 1.5 GB: set MILLRACE_BACKLOG=1 or use npm run crash',
    timeout: 600_000
  },
  () => {
    using folder = temporaryFolder()

    const { killed, verified, drained } = runBacklog(folder.path, EVENTS)

    for (const [name, { openMs, memoryBytes }] of Object.entries({ killed, verified, drained }))
      report(`backlog, ${name}: ${openMs} ms to start, ${(memoryBytes / MEBIBYTE).toFixed()} MiB of memory`)
    assert.deepEqual([killed.held, verified.held, drained.held, drained.drained], Array(4).fill(EVENTS))
    assert.ok(killed.openMs < LONGEST_START_MS)
    assert.ok(drained.openMs < LONGEST_START_MS)
    for (const { memoryBytes } of [killed, verified, drained]) assert.ok(memoryBytes < MOST_MEMORY_BYTES)
  }
)
