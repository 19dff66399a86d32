import type { ComponentText } from './agent-text.ts'
import { reportType } from './check-component.ts'
import type { CheckedPlan } from './check-interceptors.ts'
import { checkPart, type CheckContext } from './check-part.ts'
import { selectorText } from './part-text.ts'

/** Checks a source's selector; `channels` are those the source has. */
export async function checkSelector(
  source: string,
  text: ComponentText,
  channels: readonly string[],
  context: CheckContext
): Promise<Omit<CheckedPlan, 'headers'>> {
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
  return {
    status: checked.status,
    plan: { kind: 'selector', name: 'selector', type: checked.type, properties: checked.properties }
  }
}
