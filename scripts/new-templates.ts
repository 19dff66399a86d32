import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { knownType } from '../src/config/known-types.ts'
import type { Kind } from '../src/core/plan.ts'
import { HOME } from './home.ts'

/** The files of a new component that does little but keeps every rule. */
export interface NewComponent {
  readonly code: string
  readonly test: string
  readonly conf: string
}

/** What `npm run new` can begin, by the word for it. */
export const TEMPLATES = {
  source: { kind: 'source', template: 'polled-source' },
  'polled-source': { kind: 'source', template: 'polled-source' },
  'listening-source': { kind: 'source', template: 'listening-source' },
  channel: { kind: 'channel', template: 'channel' },
  sink: { kind: 'sink', template: 'sink' },
  interceptor: { kind: 'interceptor', template: 'interceptor' },
  selector: { kind: 'selector', template: 'selector' },
  processor: { kind: 'processor', template: 'processor' },
  serializer: { kind: 'serializer', template: 'serializer' }
} as const satisfies Readonly<Record<string, { kind: Kind; template: string }>>

export type Template = (typeof TEMPLATES)[keyof typeof TEMPLATES]

/** The files from that template; `type` as users will write it, `file` the name of its folder. Flume's class names are filled in. */
export function newComponent({ kind, template }: Template, type: string, file: string): NewComponent {
  const classes = knownType(kind, type)?.classes ?? []
  const filled = (name: string): string =>
    readFileSync(join(HOME, 'scripts', 'templates', template, `${name}.ts.txt`), 'utf8')
      .replaceAll('__TYPE__', type)
      .replaceAll('__FILE__', file)
      .replaceAll('__NAME__', pascalCase(file))
      .replaceAll('__CLASSES__', classes.map(name => `'${name}'`).join(', '))
  return { code: filled('code'), test: filled('test'), conf: confOf(template, type) }
}

/** What the example says in addition, by template. */
const IN_CONF: Readonly<Partial<Record<Template['template'], string>>> = {
  'listening-source': 'agent.sources.in.bind = localhost\nagent.sources.in.port = 44444',
  sink: 'agent.sinks.out.hostname = localhost\nagent.sinks.out.port = 44444'
}

function confOf(template: Template['template'], type: string): string {
  const is = (...names: readonly string[]): boolean => names.includes(template)
  const lines = [
    is('sink') ? '# needs: lines' : undefined,
    `# The smallest agent that uses ${type}.`,
    'agent.sources = in',
    'agent.channels = queue',
    'agent.sinks = out',
    is('processor') ? 'agent.sinkgroups = group' : undefined,
    '',
    `agent.sources.in.type = ${is('polled-source', 'listening-source') ? type : 'seq'}`,
    is('polled-source', 'listening-source') ? undefined : 'agent.sources.in.totalEvents = 10',
    is('listening-source') ? IN_CONF[template] : undefined,
    'agent.sources.in.channels = queue',
    is('interceptor')
      ? `agent.sources.in.interceptors = i1\nagent.sources.in.interceptors.i1.type = ${type}`
      : undefined,
    is('selector') ? `agent.sources.in.selector.type = ${type}` : undefined,
    '',
    `agent.channels.queue.type = ${is('channel') ? type : 'memory'}`,
    '',
    `agent.sinks.out.type = ${is('sink') ? type : is('serializer') ? 'file_roll' : 'logger'}`,
    is('sink') ? IN_CONF[template] : undefined,
    is('serializer')
      ? `agent.sinks.out.sink.directory = data/${type}\nagent.sinks.out.sink.serializer = ${type}`
      : undefined,
    'agent.sinks.out.channel = queue',
    is('processor')
      ? `\nagent.sinkgroups.group.sinks = out\nagent.sinkgroups.group.processor.type = ${type}`
      : undefined
  ]
  return `${lines.filter(line => line !== undefined).join('\n')}\n`
}

function pascalCase(words: string): string {
  return words.replaceAll(/(?:^|-)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}
