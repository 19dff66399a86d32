import type { AnyDefinition, Catalog, Resolution } from '../core/component.ts'
import { AgentError } from '../core/errors.ts'
import type { Kind } from '../core/plan.ts'
import { knownType, namesType } from '../config/known-types.ts'
import { builtInFor } from '../config/known/third-party.ts'
import { COMPONENT_LIST } from './component-list.ts'
import { Packages } from './packages.ts'

/** One component: what it is called, and how to get it. */
export interface RegistryEntry {
  readonly kind: Kind
  readonly type: string
  /** Class names that mean the same; exact case. */
  readonly classes: readonly string[]
  /** Packages that it wants, each as `name@1.2.3`. */
  readonly needs: readonly string[]
  load(): Promise<AnyDefinition>
}

/** Every component of this version. Each loads when a configuration names it. */
export const COMPONENTS: readonly RegistryEntry[] = COMPONENT_LIST.map(({ load, ...entry }) => ({
  ...entry,
  load: async () => (await load()).default
}))

/** Only what is installed beside the program itself. */
const NO_PACKAGES = new Packages([])

/** Finds components in a list such as COMPONENTS; what Flume has and the list has not is told apart from the unknown. */
export class Registry implements Catalog {
  readonly #entries: readonly RegistryEntry[]
  readonly #packages: Pick<Packages, 'missing'>

  /** What an entry needs is looked for in `packages`. */
  constructor(entries: readonly RegistryEntry[], packages: Pick<Packages, 'missing'> = NO_PACKAGES) {
    this.#entries = entries
    this.#packages = packages
  }

  async resolve(kind: Kind, type: string): Promise<Resolution> {
    const found = this.#entries.find(entry => entry.kind === kind && namesType(entry, type))
    if (found !== undefined) {
      const definition = await this.#load(found)
      const missing = this.#packages.missing(found.needs)
      return missing === undefined
        ? { status: 'found', definition }
        : { status: 'not-installed', definition, ...missing }
    }
    const known = knownType(kind, type)
    if (known !== undefined) return { status: 'not-in-this-version', type: known.type }
    return { status: 'third-party', type, instead: builtInFor(kind, type) }
  }

  /** Type and class names of one kind. */
  names(kind: Kind): readonly string[] {
    return this.#entries
      .filter(entry => entry.kind === kind)
      .flatMap(({ type, classes }) => [type, ...classes])
  }

  async #load(entry: RegistryEntry): Promise<AnyDefinition> {
    try {
      return await entry.load()
    } catch (error) {
      throw new AgentError(
        'ERR_START',
        `The ${entry.kind} ${entry.type} cannot be loaded.`,
        { type: entry.type },
        error
      )
    }
  }
}

/** The catalog of everything this version has, with what is installed beside it. */
export const registry = new Registry(COMPONENTS)

/** The same for one command line: with the plug-ins of its surroundings. */
export function registryWith(packages: Packages): Registry {
  return new Registry(COMPONENTS, packages)
}
