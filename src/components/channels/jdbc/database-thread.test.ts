import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AgentError } from '../../../core/errors.ts'
import { DatabaseThread } from './database-thread.ts'

const OPENING = { file: '/data/events.sqlite', createSchema: true }
const CONTENTS = '{ contents: { held: 0, from: 0, next: 0, damaged: 0 } }'

/** A thread that runs these lines, with `port` to the channel. */
function open(script: string, failed: (error: AgentError) => void = () => {}): Promise<DatabaseThread> {
  const source = `import { parentPort as port } from 'node:worker_threads'\n${script}`
  return DatabaseThread.open(OPENING, failed, new URL(`data:text/javascript,${encodeURIComponent(source)}`))
}

for (const [title, script, message] of [
  ['ends before it opened the database', 'process.exit(3)', /failed: it ended before it began\.$/],
  ['throws before it opened the database', "throw new Error('No memory.')", /failed: No memory\./]
] as const) {
  test(`a thread that ${title} fails the start`, async () => {
    await assert.rejects(open(script), { code: 'ERR_CHANNEL', message })
  })
}

for (const [title, death, reason] of [
  ['throws', "throw new Error('Out of memory.')", /Out of memory/],
  ['exits', 'process.exit(7)', /exit code 7/]
] as const) {
  test(`when the thread ${title}, what waits is refused, the channel is told once, and a close ends`, async () => {
    const failures: AgentError[] = []
    const thread = await open(
      `port.postMessage(${CONTENTS}); port.on('message', () => { ${death} })`,
      error => failures.push(error)
    )
    const asked = await Promise.allSettled([thread.put([]), thread.take([], []), thread.read(0, 1)])
    await assert.rejects(thread.put([]), { code: 'ERR_CHANNEL', message: reason })
    await thread.close()

    assert.deepEqual(
      asked.map(({ status }) => status),
      ['rejected', 'rejected', 'rejected']
    )
    assert.equal(failures.length, 1)
  })
}

test('a thread that dies while it closes does not hang the close, and needs no restart', async () => {
  const failures: AgentError[] = []
  const thread = await open(
    `port.postMessage(${CONTENTS}); port.on('message', () => process.exit(1))`,
    error => failures.push(error)
  )

  await assert.rejects(thread.close(), { code: 'ERR_CHANNEL' })
  assert.deepEqual(failures, [])
})
