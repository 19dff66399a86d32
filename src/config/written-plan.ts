import type { Catalog } from '../core/component.ts'
import type { AgentPlan, ComponentPlan, Kind, SourcePlan } from '../core/plan.ts'
import { namesOf, type AgentText, type ComponentText } from './agent-text.ts'
import { knownType } from './known-types.ts'
import {
  componentText,
  interceptorTexts,
  processorText,
  selectorText,
  valuesOf,
  type PartText
} from './part-text.ts'

/**
 * The agent as it is written, before anything of it is judged: every listed part that has properties. For checks that look
 * at what is around a part; what runs is another plan.
 */
export async function writtenPlan(agent: AgentText, catalog: Catalog): Promise<AgentPlan> {
  const writer = new PlanWriter(agent, catalog)
  return {
    agent: agent.name,
    channels: await writer.all('channels', text => writer.component('channel', text)),
    sources: await writer.all('sources', text => writer.source(text)),
    sinks: await writer.all('sinks', async text => ({
      ...(await writer.component('sink', text)),
      channel: text.properties.get('channel')?.value ?? ''
    })),
    groups: await writer.all('sinkgroups', async text => ({
      name: text.name,
      processor: await writer.part('processor', text.name, processorText(text), 'default'),
      sinks: namesOf(text.properties.get('sinks'))
    }))
  }
}

class PlanWriter {
  readonly #agent: AgentText
  readonly #catalog: Catalog

  constructor(agent: AgentText, catalog: Catalog) {
    this.#agent = agent
    this.#catalog = catalog
  }

  async all<T>(
    list: 'channels' | 'sources' | 'sinks' | 'sinkgroups',
    write: (text: ComponentText) => Promise<T>
  ): Promise<T[]> {
    const found: T[] = []
    for (const name of namesOf(this.#agent.lists.get(list))) {
      const text = this.#agent.components[list].get(name)
      if (text !== undefined) found.push(await write(text))
    }
    return found
  }

  component(kind: 'source' | 'channel' | 'sink', text: ComponentText): Promise<ComponentPlan> {
    return this.part(kind, text.name, componentText(kind, text))
  }

  async source(text: ComponentText): Promise<SourcePlan> {
    const texts = interceptorTexts(text)
    const interceptors: ComponentPlan[] = []
    for (const name of namesOf(text.properties.get('interceptors'))) {
      const own = texts.get(name)
      if (own !== undefined) interceptors.push(await this.part('interceptor', name, own))
    }
    return {
      ...(await this.component('source', text)),
      channels: namesOf(text.properties.get('channels')),
      selector: await this.part('selector', 'selector', selectorText(text), 'replicating'),
      interceptors
    }
  }

  async part(kind: Kind, name: string, { type, own }: PartText, otherwise = ''): Promise<ComponentPlan> {
    return {
      kind,
      name,
      type: await this.#shortName(kind, type?.value ?? otherwise),
      properties: valuesOf(own)
    }
  }

  async #shortName(kind: Kind, type: string): Promise<string> {
    if (type === '') return ''
    const resolution = await this.#catalog.resolve(kind, type)
    return resolution.status === 'found' ? resolution.definition.type : (knownType(kind, type)?.type ?? type)
  }
}
