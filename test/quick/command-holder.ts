// Stands for an agent: runs the commands that it is given, one script each, says the numbers of all processes that it
// started, and goes on until it is killed. With `again`, it starts the first one over and over.
import type { ChildProcess } from 'node:child_process'
import { subscribe } from 'node:diagnostics_channel'
import { openSync, writeSync } from 'node:fs'
import { startCommand } from '../../src/net/command.ts'
import { systemClock } from '../../src/app/clock.ts'

const [gate = '', mode, ...scripts] = process.argv.slice(2)

// Whoever reads the gate comes to its end once this process and all that it started are over.
openSync(gate, 'w')

subscribe('child_process', message => {
  const { process: child } = message as { process: ChildProcess }
  child.once('spawn', () => writeSync(1, `started ${child.pid}\n`))
})

async function run(script: string): Promise<void> {
  const request = { program: 'sh', arguments: ['-c', `exec 9>'${gate}'; ${script}`] }
  const command = await startCommand(request, systemClock)
  for await (const chunk of command.stdout) writeSync(1, chunk as Buffer)
  if (mode === 'stop') await command.end(0)
}

if (mode === 'again') for (;;) await Promise.race([run(scripts[0] ?? ''), systemClock.sleep(5)])
await Promise.all(scripts.map(run))
if (mode === 'leave') process.exit(0)
await systemClock.sleep(2 ** 30)
