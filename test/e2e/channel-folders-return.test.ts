import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type AgentProcess, runProgram, startAgent, talk, temporaryFolder } from './agent-process.ts'
import { until } from './watched-agent.ts'

const LINES = 4000

/** Lines into a file channel of small segments; drained into files where `out` is given. */
function agentFile(folders: readonly string[], checkpoint: string, out?: string): string {
  const sink = `a.sinks = k
a.sinks.k.type = file_roll
a.sinks.k.sink.directory = ${out}
a.sinks.k.sink.rollInterval = 0
a.sinks.k.channel = c
`
  return `a.sources = s
a.channels = c
a.sources.s.type = netcat
a.sources.s.bind = 127.0.0.1
a.sources.s.port = 0
a.sources.s.channels = c
a.channels.c.type = file
a.channels.c.checkpointDir = ${checkpoint}
a.channels.c.dataDirs = ${folders.join(', ')}
a.channels.c.minimumRequiredSpace = 1048576
a.channels.c.maxFileSize = 1048576
a.channels.c.transactionCapacity = 1000
${out === undefined ? '' : sink}`
}

function linesFrom(first: number): string {
  return Array.from({ length: LINES }, (_, i) => `${first + i}${'.'.repeat(500)}\n`).join('')
}

async function send(agent: AgentProcess, first: number): Promise<void> {
  await talk(await agent.portOf('s'), linesFrom(first), LINES)
}

function numbersIn(folder: string): number[] {
  return readdirSync(folder)
    .flatMap(name => readFileSync(join(folder, name), 'utf8').split('\n'))
    .filter(line => line !== '')
    .map(line => parseInt(line, 10))
}

for (const end of ['SIGKILL', 'SIGTERM'] as const) {
  test(`a data folder that was away for a start is delivered whole, and takes nothing away, after ${end}`, async () => {
    using root = temporaryFolder()
    const path = (name: string): string => join(root.path, name)
    mkdirSync(path('out'))
    const [one, two, away] = [path('one'), path('two'), path('away')]
    using files = temporaryFolder({
      'both.conf': agentFile([one, two], path('checkpoint')),
      'one.conf': agentFile([one], path('checkpoint')),
      'drain.conf': agentFile([one, two], path('checkpoint'), path('out'))
    })
    const run = (conf: string): Promise<AgentProcess> => startAgent(['-n', 'a', '-f', join(files.path, conf)])

    await using first = await run('both.conf')
    await send(first, 0)
    await first.stop(end)
    renameSync(two, away)
    await using second = await run('one.conf')
    await send(second, LINES)
    await second.stop(end)
    renameSync(away, two)
    await using third = await run('drain.conf')
    await until(() => new Set(numbersIn(path('out'))).size >= 2 * LINES)
    await third.stop()

    const found = numbersIn(path('out'))
    assert.deepEqual(
      found.toSorted((a, b) => a - b),
      Array.from({ length: 2 * LINES }, (_, i) => i)
    )
    assert.match(second.stderr, /Folders of the log are no longer in dataDirs; what they hold stays there/)
    // After a kill nobody knows how far the log went: where only its end is away, no number is missing.
    if (end === 'SIGTERM')
      assert.match(second.stderr, /A part of the log is damaged and is skipped\..* events=\d+/)
    assert.match(third.stderr, /are there again, and will be delivered|its events are delivered behind/)
  })
}

test('an agent whose only data folder is not mounted waits for it', async () => {
  using root = temporaryFolder()
  const path = (name: string): string => join(root.path, name)
  mkdirSync(path('out'))
  using files = temporaryFolder({
    'fill.conf': agentFile([path('data')], path('checkpoint')),
    'drain.conf': agentFile([path('data')], path('checkpoint'), path('out'))
  })
  await using first = await startAgent(['-n', 'a', '-f', join(files.path, 'fill.conf')])
  await send(first, 0)
  await first.stop()
  renameSync(path('data'), path('unmounted'))
  await using second = await startAgent(['-n', 'a', '-f', join(files.path, 'drain.conf')])

  const [line] = await second.said(/Unable to start channel c.*data is empty, and \S+checkpoint says.*/)
  rmSync(path('data'), { recursive: true })
  renameSync(path('unmounted'), path('data'))
  await until(() => numbersIn(path('out')).length >= LINES)
  await second.stop()

  assert.match(line, /Mount its disk/)
  assert.equal(numbersIn(path('out')).length, LINES)
})

test('folders of two channels that were swapped stop both with the names of both', async () => {
  using root = temporaryFolder()
  const path = (name: string): string => join(root.path, name)
  const conf = (name: string): string =>
    agentFile([path(`${name}1`), path(`${name}2`)], path(`${name}-checkpoint`))
      .replaceAll('a.channels.c.', `a.channels.${name}.`)
      .replace('a.channels = c', `a.channels = ${name}`)
      .replace('s.channels = c', `s.channels = ${name}`)
  using files = temporaryFolder({ 'x.conf': conf('x'), 'y.conf': conf('y') })
  for (const name of ['x', 'y']) {
    await using agent = await startAgent(['-n', 'a', '-f', join(files.path, `${name}.conf`)])
    await send(agent, 0)
    await agent.stop()
  }
  renameSync(path('x2'), path('swap'))
  renameSync(path('y2'), path('x2'))
  renameSync(path('swap'), path('y2'))

  await using agent = await startAgent(['-n', 'a', '-f', join(files.path, 'x.conf')])
  const [line] = await agent.said(/x2 holds a part of another log, that of channel y,.*channel x is in it/)
  await agent.stop()

  renameSync(path('x2'), path('swap'))
  renameSync(path('y2'), path('x2'))
  renameSync(path('swap'), path('y2'))
  const counts = ['x', 'y'].map(name =>
    runProgram(['channel', 'verify', path(`${name}1`), path(`${name}2`)]).then(({ stdout }) => stdout)
  )
  assert.ok(line)
  for (const text of await Promise.all(counts)) assert.match(text, /4,000 events held: no damage/)
})
