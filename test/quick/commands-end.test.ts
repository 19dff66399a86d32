// Commands that an agent runs end with it, however it ends.
import assert from 'node:assert/strict'
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, test, type TestContext } from 'node:test'
import { endGroup, isRunning } from '../../scripts/process-group.ts'
import { kept, until } from '../../src/testing/promise-kept.ts'

const HOLDER = fileURLToPath(new URL('command-holder.ts', import.meta.url))
const skip = process.platform === 'win32' && 'there are no process groups'

/** What each command does; `said` is what it says once it is as far as that. */
const SCRIPTS = {
  'one process': 'echo said; exec tail -f /dev/null',
  'a pipeline': '(echo said; tail -f /dev/null) | cat | cat',
  'one that does not listen to signals': `trap '' TERM HUP INT; echo said; while :; do tail -f /dev/null; done`,
  'children in the background, with other outputs':
    '(tail -f /dev/null & tail -f /dev/null) >/dev/null 2>&1 & nohup tail -f /dev/null >/dev/null 2>&1 & echo said; wait',
  'one that is over, and left a child': 'tail -f /dev/null >/dev/null 2>&1 & echo said',
  'a flood that nobody reads': 'echo said; yes >&2'
}

interface Holder {
  readonly child: ChildProcess
  /** Resolves once it is over and all that it said is here. */
  readonly closed: Promise<unknown>
  /** Numbers of what it started. */
  readonly pids: readonly number[]
  /** Resolves once it has said so. */
  said(pattern: RegExp, times: number): Promise<void>
  /** Resolves once no process that it started has the gate open. */
  readonly over: Promise<unknown>
}

async function holder(t: TestContext, mode: string, scripts: readonly string[]): Promise<Holder> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-commands-'))
  const gate = join(folder, 'gate')
  assert.equal(spawnSync('mkfifo', [gate]).status, 0)
  const child = spawn(process.execPath, [HOLDER, gate, mode, ...scripts], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const reading = createReadStream(gate).resume()
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  const pids = (): number[] => [...output.matchAll(/^started (\d+)$/gm)].map(([, pid]) => Number(pid))
  t.after(async () => {
    child.kill('SIGKILL')
    for (const pid of pids()) endGroup(pid, [])
    reading.destroy()
    await rm(folder, { recursive: true })
  })
  const count = (pattern: RegExp): number => output.match(pattern)?.length ?? 0
  return {
    child,
    closed: once(child, 'close'),
    over: once(reading, 'close'),
    get pids() {
      return pids()
    },
    said: async (pattern, times) => {
      while (count(pattern) < times) await kept(`it says ${String(pattern)}`, once(child.stdout, 'data'))
    }
  }
}

/** Nothing is left, of commands and guards. */
async function nothingLeft(agent: Holder): Promise<void> {
  await kept('the agent, and all that it started, is over', Promise.all([agent.closed, agent.over]))
  await until(() => !agent.pids.some(isRunning), 'the guards are over')
}

describe('what an agent started', { skip }, () => {
  test('ends when the agent is killed', async t => {
    const scripts = Object.values(SCRIPTS)
    const agent = await holder(t, 'stay', scripts)
    await agent.said(/^said$/gm, scripts.length)
    agent.child.kill('SIGKILL')

    await nothingLeft(agent)
    assert.equal(agent.pids.length, 2 * scripts.length)
  })

  test('ends when the agent leaves it behind', async t => {
    const agent = await holder(t, 'leave', [SCRIPTS['one that is over, and left a child']])

    await nothingLeft(agent)
  })

  test('ends when the agent ends it, while that goes on', async t => {
    const agent = await holder(t, 'stop', [SCRIPTS['one that is over, and left a child']])
    await agent.said(/^said$/gm, 1)
    await until(() => agent.pids.length === 2 && !agent.pids.some(isRunning), 'command and guard are over')
    const goesOn = agent.child.exitCode === null
    agent.child.kill('SIGKILL')

    await nothingLeft(agent)
    assert.ok(goesOn)
  })

  for (let round = 1; round <= 8; round++) {
    test(`ends however early the agent is killed: ${round}`, async t => {
      const agent = await holder(t, 'again', ['tail -f /dev/null | cat'])
      await agent.said(/^started/gm, 5 + round)
      agent.child.kill('SIGKILL')

      await nothingLeft(agent)
    })
  }
})
