import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { loadDefinitions } from '../../src/app/definitions.ts'
import { Packages } from '../../src/app/packages.ts'
import { COMPONENTS, registry, type RegistryEntry } from '../../src/app/registry.ts'
import { loadConfiguration } from '../../src/config/load.ts'
import type { AnyDefinition } from '../../src/core/component.ts'
import type { Clock, Context } from '../../src/core/contracts.ts'
import type { AgentPlan, ComponentPlan } from '../../src/core/plan.ts'
import { settingsOf } from '../../src/core/read-settings.ts'
import { Agent } from '../../src/engine/agent.ts'
import { FakeLog } from '../../src/testing/fake-log.ts'
import { HOME } from '../e2e/agent-process.ts'
import { needsOf } from '../e2e/run-example.ts'

/** The smallest agent that uses a component, as its folder has it. */
export interface SmallAgent {
  readonly entry: RegistryEntry
  readonly plan: AgentPlan
  /** Servers that it cannot run without. */
  readonly needs: readonly string[]
  /** The component itself, in the plan; undefined for kinds that stand inside others. */
  readonly component: ComponentPlan | undefined
  readonly definition: AnyDefinition
  /** Makes the component with the settings of the agent. */
  make(context: unknown): unknown
  /** The whole agent, and the door through which the component says that it broke. */
  run(clock: Clock): { readonly agent: Agent; fail(error: unknown): void }
}

/** Those that tests have as development dependencies. */
const packages = new Packages([])

export { COMPONENTS }

/** Reads the smallest agent of a component. Its relative paths lead into a folder that is gone after the test. */
export async function smallAgent(t: TestContext, entry: RegistryEntry): Promise<SmallAgent> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-conformance-'))
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  const name = entry.type.replaceAll('_', '-')
  const path = join(HOME, 'src', 'components', `${entry.kind}s`, name, `${name}.conf`)
  const text = inFolder(readFileSync(path, 'utf8'), folder)
  const environment = {
    variables: { FLUME_HOME: folder },
    properties: { 'user.home': folder },
    configDirectory: join(HOME, 'conf')
  }
  const { plan, findings } = await loadConfiguration([{ file: path, text }], {
    catalog: registry,
    ...environment
  })
  if (plan === undefined) throw new Error(`${path}: ${findings.map(({ message }) => message).join(' ')}`)
  const definitions = await loadDefinitions(plan, registry)
  const parts: readonly ComponentPlan[] = [...plan.sources, ...plan.channels, ...plan.sinks]
  const component = parts.find(part => part.kind === entry.kind && part.type === entry.type)
  const definition = await entry.load()
  return {
    entry,
    plan,
    needs: needsOf(text),
    component,
    definition,
    make: context => {
      const create = definition.create as (values: unknown, context: unknown) => unknown
      return create(settingsOf(definition, component?.properties ?? {}, definitions.resolved), {
        ...(context as object),
        environment
      })
    },
    run: clock => {
      let context: Context | undefined
      const watched = (part: ComponentPlan): AnyDefinition => {
        const found = definitions.definition(part)
        if (part !== component) return found
        const create = found.create as (values: unknown, context: Context) => unknown
        const noting = (values: unknown, given: Context): unknown => create(values, (context = given))
        return { ...found, create: noting }
      }
      const log = (): FakeLog => new FakeLog()
      const load = (name: string): Promise<unknown> => packages.load(name)
      const services = { ...definitions, log, load, clock, environment, memoryBytes: 2 ** 28 }
      const agent = new Agent(plan, { ...services, definition: watched })
      return { agent, fail: error => context?.fail(error) }
    }
  }
}

// Examples name ports and folders that the manual talks about.
function inFolder(text: string, folder: string): string {
  const directories = [...text.matchAll(/\.sink\.directory\s*=\s*(\S+)/g)].map(match => match[1] ?? '')
  for (const directory of directories) mkdirSync(join(folder, directory), { recursive: true })
  // The port of a server that an example needs is not one to listen on.
  return (needsOf(text).length > 0 ? text : text.replaceAll(/(\.port\s*=\s*)\d+/g, '$10'))
    .replaceAll(/(=\s*)target\//g, `$1${folder}/target/`)
    .replaceAll(/(\.sink\.directory\s*=\s*)(?!\/)(\S+)/g, `$1${folder}/$2`)
}
