import type { ComponentText } from './agent-text.ts'
import { reportType } from './check-component.ts'
import type { CheckedPlan } from './check-interceptors.ts'
import { checkPart, type CheckContext } from './check-part.ts'
import type { Property } from './finding.ts'
import { selectorText } from './part-text.ts'

/** Checks a source's selector; `channels` are those the source has. */
export async function checkSelector(
  source: string,
  text: ComponentText,
  channels: readonly string[],
  context: CheckContext
): Promise<CheckedPlan> {
  const prefix = `${context.agent.name}.sources.${source}.selector.`
  const { type, own } = selectorText(text)
  const at = type ?? [...own.values()][0] ?? text.properties.get('type') ?? context.agent.at
  const part = {
    kind: 'selector',
    name: 'selector',
    type: type?.value ?? 'replicating',
    at,
    prefix,
    properties: own,
    more: { source, channels }
  } as const
  const checked = await checkPart(part, context)
  if (type !== undefined) reportType(part, checked, context)
  if (checked.type === 'multiplexing') checkRoutes(own, prefix, at, context)
  return {
    status: checked.status,
    plan: { kind: 'selector', name: 'selector', type: checked.type, properties: checked.properties }
  }
}

function checkRoutes(
  own: ReadonlyMap<string, Property>,
  prefix: string,
  at: Property | { file: string; line: number },
  { findings }: CheckContext
): void {
  if (![...own.keys()].some(key => key.startsWith('mapping.'))) {
    findings.add('SELECTOR_NO_MAPPING', {
      at,
      key: `${prefix}mapping`,
      message: 'The multiplexing selector has no mapping; every event takes the default.',
      hint: `Add ${prefix}mapping.VALUE = CHANNEL.`
    })
  }
  if (!own.has('default')) {
    findings.add('SELECTOR_NO_DEFAULT', {
      at,
      key: `${prefix}default`,
      message: 'The multiplexing selector has no default; events that match no mapping are dropped silently.',
      hint: `Add ${prefix}default = CHANNEL.`
    })
  }
}
