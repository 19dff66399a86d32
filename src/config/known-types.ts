import type { Kind } from '../core/plan.ts'
import { KNOWN_CHANNELS } from './known/channels.ts'
import type { KnownType } from './known/known-type.ts'
import { KNOWN_OTHERS } from './known/others.ts'
import { KNOWN_SINKS } from './known/sinks.ts'
import { KNOWN_SOURCES } from './known/sources.ts'

/** Components of Flume. What is said here of one counts only until it has a folder: the registry asks its own list first. */
export const KNOWN_TYPES: readonly KnownType[] = [
  ...KNOWN_SOURCES,
  ...KNOWN_CHANNELS,
  ...KNOWN_SINKS,
  ...KNOWN_OTHERS
]

/** The known component that a type name means: its short name in any case, or a class name in exact case. */
export function knownType(kind: Kind, type: string): KnownType | undefined {
  return KNOWN_TYPES.find(known => known.kind === kind && namesType(known, type))
}

/** Whether `type` means this component. Builders may be named without `$Builder`. */
export function namesType(
  component: { readonly type: string; readonly classes: readonly string[] },
  type: string
): boolean {
  return (
    component.type.toLowerCase() === type.toLowerCase() ||
    component.classes.some(name => name === type || name === `${type}$Builder`)
  )
}
