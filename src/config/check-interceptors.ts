import type { Headers } from '../core/component.ts'
import type { ComponentPlan } from '../core/plan.ts'
import { namesOf, type ComponentText } from './agent-text.ts'
import { reportType } from './check-component.ts'
import { checkPart, type CheckContext, type Status } from './check-part.ts'
import type { Property } from './finding.ts'
import { hasStrangeBlank, isMisread } from './misread.ts'
import { interceptorTexts, type PartText } from './part-text.ts'

export interface CheckedPlan {
  readonly status: Status
  readonly plan: ComponentPlan
  /** Interceptors: of the events behind it. */
  readonly headers: Headers
}

const NOTHING: PartText = { type: undefined, own: new Map() }

/** Checks a source's interceptors, in the order of their list. */
export async function checkInterceptors(
  source: string,
  text: ComponentText,
  context: CheckContext
): Promise<CheckedPlan[]> {
  const list = text.properties.get('interceptors')
  const names = namesOf(list)
  const texts = interceptorTexts(text)
  const found: CheckedPlan[] = []
  for (const name of names)
    found.push(await checkInterceptor(source, name, texts.get(name) ?? NOTHING, { context, list }))
  reportUnlisted(source, names, texts, context)
  return found
}

async function checkInterceptor(
  source: string,
  name: string,
  { type, own }: PartText,
  { context, list }: { context: CheckContext; list: Property | undefined }
): Promise<CheckedPlan> {
  const { agent, findings } = context
  const prefix = `${agent.name}.sources.${source}.interceptors.${name}.`
  if (type === undefined) {
    findings.add('NO_TYPE', {
      at: [...own.values()][0] ?? list ?? agent.at,
      key: list !== undefined && isMisread(list, name) ? list.key : `${prefix}type`,
      message: `Interceptor.Type not specified for ${name}. Type not specified for interceptor ${name}; source ${source} is dropped.`,
      hint: `Add ${prefix}type = timestamp, or take ${name} out of the list; names are separated by blanks.`
    })
    const plan = { kind: 'interceptor', name, type: '', properties: {} } as const
    return { status: 'dropped', plan, headers: { always: [], more: true } }
  }
  const part = { kind: 'interceptor', name, type: type.value, at: type, prefix, properties: own } as const
  const checked = await checkPart(part, context)
  reportType(part, checked, context)
  return {
    status: checked.status,
    headers: checked.headers,
    plan: { kind: 'interceptor', name, type: checked.type, properties: checked.properties }
  }
}

function reportUnlisted(
  source: string,
  names: readonly string[],
  texts: ReadonlyMap<string, PartText>,
  { agent, findings }: CheckContext
): void {
  for (const [name, { type, own }] of texts) {
    const first = [type, ...own.values()].find(property => property !== undefined)
    if (names.includes(name) || first === undefined) continue
    const key = `${agent.name}.sources.${source}.interceptors`
    const remark = {
      at: first,
      key: `${key}.${name}`,
      message: `The interceptor ${name} is in no list; it is not used.`,
      hint: `Write ${key} = ${[...names, name].join(' ')}.`
    }
    const strange = [...names, name].some(other => hasStrangeBlank(other))
    if (strange)
      findings.follow('INTERCEPTOR_NOT_LISTED', remark, { causes: [key, remark.key], codes: ['NBSP'] })
    else findings.add('INTERCEPTOR_NOT_LISTED', remark)
  }
}
