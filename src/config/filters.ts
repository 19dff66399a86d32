import { messageOf } from '../core/errors.ts'
import { nearest } from '../core/nearest.ts'
import { charset } from '../java/charset.ts'
import { isUnsupportedCharset } from '../java/charset-unsupported.ts'
import { openCredentialStores } from '../java/credential-store.ts'
import { LISTS, namesOf, type AgentText, type ComponentText } from './agent-text.ts'
import { firstLineOf } from './external-filter.ts'
import type { Position, Property } from './finding.ts'
import type { Findings } from './findings.ts'
import { namesType } from './known-types.ts'

/** Value for a key, undefined when there is none. Rejects when the filter fails. */
type Filter = (key: string) => Promise<string | undefined>

interface FilterContext {
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly configDirectory: string | undefined
  readonly findings: Findings
}

/** Says why a filter cannot be made, and what to write. */
type Fail = (at: Position, message: string, hint: string) => undefined

const PACKAGE = 'org.apache.flume.configfilter.'
const BUILT_IN = [
  { type: 'env', classes: [`${PACKAGE}EnvironmentVariableConfigFilter`] },
  { type: 'external', classes: [`${PACKAGE}ExternalProcessConfigFilter`] },
  { type: 'hadoop', classes: [`${PACKAGE}HadoopCredentialStoreConfigFilter`] }
]

/**
 * Replaces `${filter['key']}` in the values of all components of one agent, filter after filter in the order of the
 * list. What a filter does not know stays as it is, with a finding.
 */
export async function applyConfigFilters(agent: AgentText, context: FilterContext): Promise<void> {
  for (const name of namesOf(agent.lists.get('configfilters'))) {
    const filter = makeFilter(agent, name, context)
    if (filter !== undefined) await replaceAll(agent, name, cached(filter), context.findings)
  }
  reportUnlisted(agent, context.findings)
}

/** Says which references name a filter that is not listed; what a listed one left has its finding already. */
function reportUnlisted(agent: AgentText, findings: Findings): void {
  const listed = namesOf(agent.lists.get('configfilters'))
  for (const property of componentProperties(agent)) {
    const [reference, name] = /\$\{([^[\]{}\s]+)\[(?:'[\w-]+'|"[\w-]+"|[\w-]+)\]\}/.exec(property.value) ?? []
    if (reference === undefined || name === undefined || listed.includes(name)) continue
    const close = nearest(name, listed)
    findings.add('UNRESOLVED_VARIABLE', {
      at: property,
      key: property.key,
      message: `${reference} asks the config filter ${name}, which ${agent.name}.configfilters does not list.`,
      hint:
        close === undefined
          ? `Add ${name} to ${agent.name}.configfilters and define it, or correct its name.`
          : `Did you mean ${close}?`
    })
  }
}

function* componentProperties(agent: AgentText): Generator<Property> {
  for (const kind of LISTS.filter(list => list !== 'configfilters')) {
    for (const { properties } of agent.components[kind].values()) yield* properties.values()
  }
}

function makeFilter(agent: AgentText, name: string, context: FilterContext): Filter | undefined {
  const { variables, findings } = context
  const text = agent.components.configfilters.get(name)
  const list = agent.lists.get('configfilters')
  const key = `${agent.name}.configfilters.${name}`
  const fail: Fail = (at, message, hint) => {
    findings.add('FILTER_FAILED', {
      at,
      key,
      message: `Error while creating config filter ${name}: ${message}`,
      hint
    })
  }
  if (text === undefined) return fail(list ?? agent.at, 'it has no properties.', `Add ${key}.type = env.`)
  const type = text.properties.get('type')
  if (type === undefined)
    return fail(list ?? agent.at, 'it has no type.', `Add ${key}.type = env, external or hadoop.`)
  const known = BUILT_IN.find(builtIn => namesType(builtIn, type.value))?.type
  if (known === 'env')
    return key => Promise.resolve(Object.hasOwn(variables, key) ? variables[key] : undefined)
  if (known === 'external') return externalFilter(text, fail)
  if (known === 'hadoop') return credentialFilter(text, fail, context)
  const close = nearest(
    type.value,
    BUILT_IN.map(builtIn => builtIn.type)
  )
  return fail(
    type,
    `Unable to load configfilter type: ${type.value}, class: ${type.value}.`,
    close === undefined
      ? 'Use env, external or hadoop; Java classes cannot be loaded.'
      : `Did you mean ${close}?`
  )
}

function credentialFilter(text: ComponentText, fail: Fail, context: FilterContext): Filter | undefined {
  const providers = text.properties.get('credential.provider.path')
  const passwordFile = text.properties.get('credstore.java-keystore-provider.password-file')
  const [first] = text.properties.values()
  if (providers === undefined) {
    const hint = 'Add credential.provider.path = jceks://file/path/of/the/store.jceks.'
    return first && fail(first, 'credential.provider.path must be set.', hint)
  }
  try {
    const { variables, configDirectory } = context
    const stores = { variables, configDirectory, passwordFile: passwordFile?.value }
    const passwordFor = openCredentialStores({ ...stores, providers: providers.value })
    return async key => passwordFor(key)
  } catch (error) {
    const hint =
      'Check the store and its password: HADOOP_CREDSTORE_PASSWORD, the file of credstore.java-keystore-provider.password-file, else none.'
    return fail(providers, `${messageOf(error)}.`, hint)
  }
}

function externalFilter(text: ComponentText, fail: Fail): Filter | undefined {
  const command = text.properties.get('command')
  const given = text.properties.get('charset')
  const [first] = text.properties.values()
  if (command === undefined) {
    return first === undefined
      ? undefined
      : fail(
          first,
          'command must be set for ExternalProcessConfigFilter',
          'Add command = /path/to/program; the key becomes its last argument.'
        )
  }
  const name = given?.value ?? 'UTF-8'
  const found = charset(name)
  if (found !== undefined) return key => firstLineOf(command.value, key, found)
  const why = isUnsupportedCharset(name) ? 'is one that this version does not have' : 'is not known'
  return fail(given ?? command, `charset ${name} ${why}.`, 'Write UTF-8.')
}

/** Asks the filter once per key. */
function cached(filter: Filter): Filter {
  const answers = new Map<string, Promise<string | undefined>>()
  return key => {
    const answer = answers.get(key) ?? filter(key)
    answers.set(key, answer)
    return answer
  }
}

async function replaceAll(agent: AgentText, name: string, filter: Filter, findings: Findings): Promise<void> {
  const quoted = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const reference = new RegExp(`\\$\\{${quoted}\\[(?:'([\\w-]+)'|"([\\w-]+)"|([\\w-]+))\\]\\}`, 'g')
  for (const kind of LISTS.filter(list => list !== 'configfilters')) {
    for (const component of agent.components[kind].values()) {
      for (const [key, property] of component.properties) {
        if (!property.value.includes('${')) continue
        const value = await replace(property, reference, filter, findings)
        if (value === property.value) continue
        const replaced = { ...property, value }
        component.properties.set(key, replaced)
        findings.conceal(replaced)
      }
    }
  }
}

async function replace(
  property: Property,
  reference: RegExp,
  filter: Filter,
  findings: Findings
): Promise<string> {
  let out = ''
  let at = 0
  for (const match of property.value.matchAll(reference)) {
    const key = match[1] ?? match[2] ?? match[3] ?? ''
    out +=
      property.value.slice(at, match.index) + ((await ask(key, { property, filter, findings })) ?? match[0])
    at = match.index + match[0].length
  }
  return out + property.value.slice(at)
}

async function ask(
  key: string,
  { property, filter, findings }: { property: Property; filter: Filter; findings: Findings }
): Promise<string | undefined> {
  const failed = (why: string): undefined => {
    findings.add('FILTER_FAILED', {
      at: property,
      key: property.key,
      message: `Matched key ${key} in ${property.key} was not found: ${why}`,
      hint: 'The reference stays in the value; provide the key, or correct its name.'
    })
  }
  try {
    return (await filter(key)) ?? failed('the filter has no such key.')
  } catch (error) {
    return failed(messageOf(error))
  }
}
