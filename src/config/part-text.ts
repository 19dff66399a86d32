import type { ComponentText } from './agent-text.ts'
import type { Property } from './finding.ts'

/** What is written of a part: its type, if any, and its own keys without those that the frame around it reads. */
export interface PartText {
  readonly type: Property | undefined
  readonly own: ReadonlyMap<string, Property>
}

/** A source, channel or sink by itself. */
export function componentText(kind: 'source' | 'channel' | 'sink', text: ComponentText): PartText {
  const isFrame = (key: string): boolean =>
    key === 'config' ||
    (kind === 'sink' && key === 'channel') ||
    (kind === 'source' &&
      (key === 'channels' ||
        key === 'interceptors' ||
        key.startsWith('interceptors.') ||
        key.startsWith('selector.')))
  return withoutType([...text.properties].filter(([key]) => !isFrame(key)))
}

/** A source's selector. */
export function selectorText(source: ComponentText): PartText {
  return withoutType(below(source, 'selector.').filter(([key]) => key !== 'config'))
}

/** The processor of a group. */
export function processorText(group: ComponentText): PartText {
  return withoutType(below(group, 'processor.'))
}

/** A source's interceptors by name, listed or not. */
export function interceptorTexts(source: ComponentText): Map<string, PartText> {
  const byName = new Map<string, [string, Property][]>()
  for (const [key, property] of below(source, 'interceptors.')) {
    const dot = key.indexOf('.')
    if (dot < 0) continue
    const name = key.slice(0, dot)
    const own = byName.get(name) ?? []
    own.push([key.slice(dot + 1), property])
    byName.set(name, own)
  }
  return new Map([...byName].map(([name, properties]) => [name, withoutType(properties)]))
}

function below({ properties }: ComponentText, prefix: string): [string, Property][] {
  return [...properties]
    .filter(([key]) => key.startsWith(prefix))
    .map(([key, property]) => [key.slice(prefix.length), property])
}

function withoutType(properties: readonly (readonly [string, Property])[]): PartText {
  const own = new Map(properties)
  const type = own.get('type')
  own.delete('type')
  return { type, own }
}

/** Keys and values alone. */
export function valuesOf(properties: ReadonlyMap<string, Property>): Record<string, string> {
  return Object.fromEntries([...properties].map(([key, { value }]) => [key, value]))
}
