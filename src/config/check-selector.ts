import { wordsOf } from '../core/words.ts'
import type { ComponentText } from './agent-text.ts'
import { reportType } from './check-component.ts'
import type { CheckedPlan } from './check-interceptors.ts'
import { checkPart, worse, type CheckContext } from './check-part.ts'
import type { Property } from './finding.ts'
import { nearestName } from './nearest-name.ts'

/** Checks a source's selector and the channels it names; `channels` are those the source has. */
export async function checkSelector(
  source: string,
  text: ComponentText,
  channels: readonly string[],
  context: CheckContext
): Promise<Omit<CheckedPlan, 'headers'>> {
  const prefix = `${context.agent.name}.sources.${source}.selector.`
  const given = new Map(
    [...text.properties]
      .filter(([key]) => key.startsWith('selector.'))
      .map(([key, value]) => [key.slice(9), value])
  )
  const type = given.get('type')
  const own = new Map([...given].filter(([key]) => key !== 'type' && key !== 'config'))
  const at = type ?? [...own.values()][0] ?? text.properties.get('type') ?? context.agent.at
  const part = {
    kind: 'selector',
    name: 'selector',
    type: type?.value ?? 'replicating',
    at,
    prefix,
    properties: own
  } as const
  const checked = await checkPart(part, context)
  if (type !== undefined) reportType(part, checked, context)
  const known = checkNamedChannels(source, own, channels, context)
  const status = known || channels.length === 0 ? checked.status : worse(checked.status, 'dropped')
  return {
    status,
    plan: { kind: 'selector', name: 'selector', type: checked.type, properties: checked.properties }
  }
}

function checkNamedChannels(
  source: string,
  own: ReadonlyMap<string, Property>,
  channels: readonly string[],
  { findings }: CheckContext
): boolean {
  let known = true
  const had = new Set(channels)
  for (const [key, property] of own) {
    if (
      key !== 'default' &&
      key !== 'optional' &&
      !key.startsWith('mapping.') &&
      !key.startsWith('optional.')
    )
      continue
    for (const name of wordsOf(property.value).filter(word => !had.has(word))) {
      known = false
      const close = nearestName(name, channels)
      findings.add('SELECTOR_UNKNOWN_CHANNEL', {
        at: property,
        key: property.key,
        message: `Selector channel not found: ${name}; source ${source} is dropped.`,
        hint:
          close === undefined
            ? `Name one of the source’s channels: ${channels.join(', ') || 'it has none'}.`
            : `Did you mean ${close}?`
      })
    }
  }
  return known
}
