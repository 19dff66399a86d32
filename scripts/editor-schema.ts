import { defaultText } from '../src/app/manual.ts'
import type { AnyDefinition } from '../src/core/component.ts'
import type { Kind } from '../src/core/plan.ts'
import type { Setting } from '../src/core/schema.ts'

type Json = string | number | boolean | readonly Json[] | { readonly [key: string]: Json }
type JsonObject = Readonly<Record<string, Json>>

/**
 * JSON schema (2020-12) of an agent written as an object: `{"sources": {"r1": {"type": "netcat", "port": 44444}}}`.
 * Keys below a component are those of the property file.
 */
export function editorSchema(definitions: readonly AnyDefinition[]): JsonObject {
  const ofKind = (kind: Kind): AnyDefinition[] => definitions.filter(definition => definition.kind === kind)
  const parts: [string, Kind][] = [
    ['sources', 'source'],
    ['channels', 'channel'],
    ['sinks', 'sink']
  ]
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'An agent of Millrace',
    type: 'object',
    properties: Object.fromEntries(
      parts.map(([part, kind]) => [part, { type: 'object', additionalProperties: anyOfKind(ofKind(kind)) }])
    ),
    $defs: Object.fromEntries(
      definitions.map(definition => [nameOf(definition), componentSchema(definition)])
    )
  }
}

// A type that is not listed may be one of a plug-in: nothing is said about it.
function anyOfKind(definitions: readonly AnyDefinition[]): JsonObject {
  return {
    type: 'object',
    required: ['type'],
    allOf: definitions.map(definition => ({
      if: { properties: { type: { enum: [definition.type, ...definition.classes] } } },
      then: { $ref: `#/$defs/${nameOf(definition)}` }
    }))
  }
}

function componentSchema({ summary, settings }: AnyDefinition): JsonObject {
  const all = Object.values(settings)
  const named = all.filter(setting => setting.type !== 'prefix')
  const prefixes = all.filter(setting => setting.type === 'prefix')
  const escape = (text: string): string => text.replaceAll('.', String.raw`\.`)
  return {
    description: summary,
    type: 'object',
    required: named.filter(setting => setting.required).map(setting => setting.key),
    properties: Object.fromEntries(named.map(setting => [setting.key, settingSchema(setting)])),
    patternProperties: Object.fromEntries(
      prefixes.map(setting => [`^${escape(setting.key)}`, { description: setting.doc, type: 'string' }])
    )
  }
}

function settingSchema(setting: Setting<unknown>): JsonObject {
  const given = defaultText(setting)
  return {
    description: setting.doc,
    ...typeOf(setting),
    ...(given === '' ? {} : { default: given }),
    ...(setting.min === undefined ? {} : { minimum: setting.min }),
    ...(setting.max === undefined ? {} : { maximum: setting.max }),
    ...(setting.secret ? { writeOnly: true } : {})
  }
}

function typeOf({ type, values }: Setting<unknown>): JsonObject {
  if (values !== undefined) return { type: 'string', examples: values }
  if (type === 'integer' || type === 'long' || type === 'bytes') return { type: ['integer', 'string'] }
  if (type === 'number') return { type: ['number', 'string'] }
  if (type === 'boolean') return { type: ['boolean', 'string'] }
  return { type: 'string' }
}

function nameOf({ kind, type }: AnyDefinition): string {
  return `${kind}.${type}`
}
