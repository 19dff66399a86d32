import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type AgentProcess, runProgram, startAgent, talk, temporaryFolder } from './agent-process.ts'
import { LineClient, numbered } from './line-client.ts'
import { until } from './watched-agent.ts'

/** Lines into a file channel that nobody drains. */
function agentFile(folders: readonly string[]): string {
  return `a.sources = s
a.channels = c
a.sources.s.type = netcat
a.sources.s.bind = 127.0.0.1
a.sources.s.port = 0
a.sources.s.channels = c
a.channels.c.type = file
a.channels.c.dataDirs = ${folders.join(', ')}
a.channels.c.minimumRequiredSpace = 1
a.channels.c.keep-alive = 0
`
}

async function start(conf: string): Promise<AgentProcess> {
  const monitoring = ['type=http', 'port=0', 'bind=127.0.0.1'].map(option => `-Dflume.monitoring.${option}`)
  return startAgent(['-n', 'a', '-f', conf, ...monitoring])
}

async function unhealthyReason(agent: AgentProcess): Promise<string> {
  const [, url = ''] = await agent.said(/^Counters: (\S+)$/m)
  const metrics = (await (await fetch(url)).json()) as Record<string, Record<string, string>>
  return metrics['CHANNEL.c']?.['UnhealthyReason'] ?? ''
}

test('lines acknowledged into files that are removed under the agent are there at the next start', async () => {
  using folder = temporaryFolder()
  const data = join(folder.path, 'data')
  using conf = temporaryFolder({ 'agent.conf': agentFile([data]) })
  await using first = await start(join(conf.path, 'agent.conf'))
  const port = await first.portOf('s')
  await talk(port, 'one\ntwo\n', 2)
  for (const name of readdirSync(data)) if (name.startsWith('seg-')) rmSync(join(data, name))
  await first.said(/ERROR .*The file that the log is written to was removed/)
  await first.said(/What was in a file that was removed, or moved away, is saved\. file=\S+ events=2/)
  await talk(port, 'three\n', 1)
  await first.stop('SIGKILL')
  await using second = await start(join(conf.path, 'agent.conf'))
  await second.stop()

  assert.match(second.stderr, /Queue Size after replay: 3 \[channel=c\] events=3 recovered=3 skipped=0 /)
})

test('lines are refused while the data folder is moved away, and taken again once it is back', async () => {
  using folder = temporaryFolder()
  const data = join(folder.path, 'data')
  const aside = join(folder.path, 'aside')
  using conf = temporaryFolder({ 'agent.conf': agentFile([data]) })
  await using agent = await start(join(conf.path, 'agent.conf'))
  const port = await agent.portOf('s')
  await talk(port, 'one\n', 1)
  renameSync(data, aside)
  mkdirSync(data)
  await agent.said(/ERROR .*A data folder is not there any more/)
  const refusal = await talk(port, 'two\n', 1)
  const reason = await unhealthyReason(agent)
  rmSync(data, { recursive: true })
  renameSync(aside, data)
  await agent.said(/INFO .*There is room for events again/)
  const taken = await talk(port, 'three\n', 1)
  const { code } = await agent.stop()
  await using second = await start(join(conf.path, 'agent.conf'))
  await second.stop()

  assert.match(refusal, /^FAILED/)
  assert.match(reason, /^The data folder \S+ is not there any more: Another folder has its name/)
  assert.deepEqual([taken, code], ['OK\n', 143])
  assert.match(second.stderr, /Queue Size after replay: 2 \[channel=c\] events=2 recovered=2 skipped=0 /)
})

test('one of two data folders that goes is said once, and what was in it is saved in the other', async () => {
  using folder = temporaryFolder()
  const folders = [join(folder.path, 'one'), join(folder.path, 'two')]
  using conf = temporaryFolder({ 'agent.conf': agentFile(folders) })
  await using agent = await start(join(conf.path, 'agent.conf'))
  const port = await agent.portOf('s')
  await talk(port, 'one\n', 1)
  const written = folders.find(name => readdirSync(name).includes('seg-000000000002')) ?? ''
  renameSync(written, join(folder.path, 'aside'))
  await agent.said(/What was in a file that was removed, or moved away, is saved\. file=\S+ events=1/)
  const taken = await talk(port, 'two\n', 1)
  const reason = await unhealthyReason(agent)
  await agent.stop()

  assert.equal(taken, 'OK\n')
  assert.match(reason, /^The data folder \S+ is not there any more: No folder has its name\.$/)
  assert.equal(agent.stderr.match(/A data folder is not there any more/g)?.length, 1)
})

test('a channel can be inspected, verified and exported beside a busy agent with small files', async () => {
  using folder = temporaryFolder()
  const data = join(folder.path, 'data')
  const busy = `${agentFile([data])}a.sinks = k
a.sinks.k.type = null
a.sinks.k.channel = c
a.channels.c.maxFileSize = 1048576
a.channels.c.minimumRequiredSpace = 1048576
`
  using conf = temporaryFolder({ 'agent.conf': busy })
  await using agent = await start(join(conf.path, 'agent.conf'))
  using client = await LineClient.dial(await agent.portOf('s'))
  const stopped = client.flood(numbered(0, 1000), Infinity)
  await until(() => client.oks > 50_000)
  const codes: (number | null)[] = []
  const said: string[] = []
  for (const command of ['inspect', 'verify', 'export']) {
    const { code, stderr } = await runProgram(['channel', command, data])
    codes.push(code)
    said.push(stderr)
  }
  client.socket.destroy()
  await stopped
  await agent.stop()

  assert.deepEqual(
    [codes, said],
    [
      [0, 0, 0],
      ['', '', '']
    ]
  )
})
