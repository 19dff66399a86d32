import assert from 'node:assert/strict'
import { test } from 'node:test'
import { temporaryFolder } from '../e2e/agent-process.ts'
import { runBacklog } from './backlog-run.ts'

const MEBIBYTE = 1024 * 1024
const EVENTS = 10_000_000
const asked = process.env['MILLRACE_BACKLOG'] === '1'

test(
  'ten million events of backlog start at once, in bounded memory, and come out in order',
  {
    skip: asked ? false : 'takes a minute and 1.5 GB: set MILLRACE_BACKLOG=1 or use npm run crash',
    timeout: 600_000
  },
  () => {
    using folder = temporaryFolder()

    const { openMs, verifyMs, drained, mostResidentBytes, residentBytes } = runBacklog(folder.path, EVENTS)

    console.log(
      `start ${openMs} ms, with full check ${verifyMs} ms, memory ${(mostResidentBytes / MEBIBYTE).toFixed()} MiB`
    )
    assert.equal(drained, EVENTS)
    assert.ok(openMs < 3000)
    assert.ok(mostResidentBytes - residentBytes < 300 * MEBIBYTE, `${mostResidentBytes} bytes resident`)
  }
)
