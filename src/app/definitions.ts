import type { AnyDefinition, Catalog, Resolution } from '../core/component.ts'
import { AgentError } from '../core/errors.ts'
import type { AgentPlan, ComponentPlan, Kind } from '../core/plan.ts'
import { innerTypes, type Resolved } from '../core/read-settings.ts'

/** The definitions of everything that a plan names, loaded. */
export interface Definitions {
  definition(plan: ComponentPlan): AnyDefinition
  readonly resolved: Resolved
}

/** Loads all components of a plan and those inside them, in parallel. Rejects when one cannot be found. */
export async function loadDefinitions(plan: AgentPlan, catalog: Catalog): Promise<Definitions> {
  const loaded = new Map<string, Resolution>()
  const load = async ({ kind, type, properties }: Wanted): Promise<void> => {
    const resolution = await catalog.resolve(kind, type)
    loaded.set(idOf(kind, type), resolution)
    if (resolution.status === 'found')
      await Promise.all(innerTypes(resolution.definition.settings, properties).map(load))
  }
  await Promise.all(componentsOf(plan).map(load))
  return {
    definition: ({ kind, type, name }) => {
      const resolution = loaded.get(idOf(kind, type))
      if (resolution?.status === 'found') return resolution.definition
      throw new AgentError('ERR_CONFIG', 'A component of the plan has no definition.', { kind, type, name })
    },
    resolved: (kind, type) => loaded.get(idOf(kind, type))
  }
}

type Wanted = Pick<ComponentPlan, 'kind' | 'type' | 'properties'>

function componentsOf(plan: AgentPlan): ComponentPlan[] {
  return [
    ...plan.channels,
    ...plan.sinks,
    ...plan.sources,
    ...plan.sources.flatMap(({ selector, interceptors }) => [selector, ...interceptors]),
    ...plan.groups.map(({ processor }) => processor)
  ]
}

function idOf(kind: Kind, type: string): string {
  return `${kind} ${type}`
}
