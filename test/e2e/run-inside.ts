import assert from 'node:assert/strict'
import { systemClock } from '../../src/app/clock.ts'
import { loadDefinitions } from '../../src/app/definitions.ts'
import { Packages } from '../../src/app/packages.ts'
import { registry } from '../../src/app/registry.ts'
import { loadConfiguration } from '../../src/config/load.ts'
import type { Environment } from '../../src/core/contracts.ts'
import type { AgentPlan } from '../../src/core/plan.ts'
import { Agent } from '../../src/engine/agent.ts'
import { FakeLog } from '../../src/testing/fake-log.ts'
import { exampleFolder } from './run-example.ts'

/** Those that tests have as development dependencies. */
const packages = new Packages([])
const MEMORY_BYTES = 2 ** 27
const STOP_MS = 20_000

/**
 * Runs an example as runExample does, but in this process, which takes a tenth of the time. One at a time: the folder
 * that it runs in is that of the process.
 */
export async function runInside(text: string): Promise<void> {
  using folder = exampleFolder(text)
  const before = process.cwd()
  process.chdir(folder.path)
  try {
    await run(text, folder.path)
  } finally {
    process.chdir(before)
  }
}

/** Only checks it, for what needs a server. */
export async function checkInside(text: string): Promise<void> {
  using folder = exampleFolder(text)
  await planOf(text, environmentIn(folder.path))
}

async function run(text: string, folder: string): Promise<void> {
  const environment = environmentIn(folder)
  const plan = await planOf(text, environment)
  const log = new FakeLog()
  const agent = new Agent(plan, {
    ...(await loadDefinitions(plan, registry)),
    log: () => log,
    clock: systemClock,
    environment,
    load: name => packages.load(name),
    memoryBytes: MEMORY_BYTES
  })

  await agent.start()
  const { unfinished, abandoned } = await agent.stop(STOP_MS)

  assert.deepEqual({ unfinished, abandoned }, { unfinished: [], abandoned: [] })
  assert.deepEqual(
    log.lines.filter(({ level }) => level === 'error' || level === 'warn'),
    []
  )
}

function environmentIn(folder: string): Environment {
  return { variables: { ...process.env, FLUME_HOME: folder }, properties: {}, configDirectory: folder }
}

async function planOf(text: string, environment: Environment): Promise<AgentPlan> {
  const source = { file: 'example.conf', text }
  const { plan, findings } = await loadConfiguration([source], { catalog: registry, ...environment })
  assert.deepEqual(
    findings.filter(({ level }) => level === 'error'),
    []
  )
  assert.ok(plan !== undefined)
  return plan
}
