import assert from 'node:assert/strict'
import { test } from 'node:test'
import { editorSchema } from '../../scripts/editor-schema.ts'
import { defineChannel } from '../../src/core/component.ts'
import { records } from '../../src/core/records.ts'
import { choice, integer, list, optional, prefixed, text } from '../../src/core/schema.ts'

const definition = defineChannel({
  type: 'sample',
  classes: ['org.example.SampleChannel'],
  stability: 'stable',
  summary: 'Holds samples.',
  settings: {
    path: text('path', { doc: 'Where.' }),
    size: integer('size', { doc: 'How many.', default: 5, min: 1, max: 9 }),
    mode: choice('mode', ['fast', 'safe'], { doc: 'How.', default: 'safe' }),
    password: optional(text('key.password', { doc: 'Opens it.', secret: true })),
    rest: prefixed('kafka.', { doc: 'Passed on.' }),
    keys: list('keys', { doc: 'Names.', default: [] }),
    each: records({
      name: 'KEY',
      namedBy: ['keys'],
      each: {
        size: integer('keys.KEY.size', { doc: 'Of one.', default: 1, min: 0 }),
        more: prefixed('more.KEY.', { doc: 'Of one, too.' })
      }
    })
  },
  create: () => {
    throw new Error('A schema needs no channel.')
  }
})

test('a component becomes a definition with types, limits, defaults and required keys', () => {
  const { $defs } = editorSchema([definition])

  assert.deepEqual($defs, {
    'channel.sample': {
      description: 'Holds samples.',
      type: 'object',
      required: ['path'],
      properties: {
        path: { description: 'Where.', type: 'string' },
        size: { description: 'How many.', type: ['integer', 'string'], default: '5', minimum: 1, maximum: 9 },
        mode: { description: 'How.', type: 'string', examples: ['fast', 'safe'], default: 'safe' },
        'key.password': { description: 'Opens it.', type: 'string', writeOnly: true },
        keys: { description: 'Names.', type: 'string' }
      },
      patternProperties: {
        [String.raw`^kafka\.`]: { description: 'Passed on.', type: 'string' },
        [String.raw`^keys\..+\.size$`]: {
          description: 'Of one.',
          type: ['integer', 'string'],
          default: '1',
          minimum: 0
        },
        [String.raw`^more\..+\.`]: { description: 'Of one, too.', type: 'string' }
      }
    }
  })
})

test('a channel of that type, or of its class name, is checked against the definition', () => {
  const { properties } = editorSchema([definition])

  assert.deepEqual((properties as Record<string, unknown>)['channels'], {
    type: 'object',
    additionalProperties: {
      type: 'object',
      required: ['type'],
      allOf: [
        {
          if: { properties: { type: { enum: ['sample', 'org.example.SampleChannel'] } } },
          then: { $ref: '#/$defs/channel.sample' }
        }
      ]
    }
  })
})
