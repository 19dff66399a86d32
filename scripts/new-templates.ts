/** The files of a new component that does nothing yet but keeps every rule. */
export interface NewComponent {
  readonly code: string
  readonly test: string
  readonly conf: string
}

/** Kinds that `npm run new` can begin. A channel promises too much for that: start from a copy of the memory channel. */
export const NEW_KINDS = ['source', 'sink', 'interceptor', 'selector', 'processor', 'serializer'] as const
export type NewKind = (typeof NEW_KINDS)[number]

/** The files of a new component of that kind; `type` as users will write it, `name` that of its folder. */
export function newComponent(kind: NewKind, type: string, name: string): NewComponent {
  const className = pascalCase(name) + pascalCase(kind)
  return { ...TEMPLATES[kind](type, name, className), conf: confOf(kind, type) }
}

type Template = (type: string, name: string, className: string) => Omit<NewComponent, 'conf'>

const TEMPLATES: Readonly<Record<NewKind, Template>> = {
  source: sourceFiles,
  sink: sinkFiles,
  interceptor: interceptorFiles,
  selector: selectorFiles,
  processor: processorFiles,
  serializer: serializerFiles
}

function sourceFiles(type: string, name: string, className: string): Omit<NewComponent, 'conf'> {
  return { code: sourceCode(type, className), test: sourceTest(name) }
}

function sourceCode(type: string, className: string): string {
  return `import { BatchBuilder } from '../../../core/batch-builder.ts'
import { defineSource } from '../../../core/component.ts'
import type { PolledSource, SourceContext } from '../../../core/contracts/source.ts'
import { text } from '../../../core/schema.ts'

export default defineSource({
  type: '${type}',
  stability: 'preview',
  summary: 'Says one line, once.',
  settings: {
    line: text('line', { doc: 'What it says.', default: 'hello' })
  },
  create: ({ line }, context) => new ${className}(line, context)
})

class ${className} implements PolledSource {
  readonly backoff = { incrementMs: 1000, maxMs: 5000 }
  readonly #line: string
  readonly #context: SourceContext
  #said = false

  constructor(line: string, context: SourceContext) {
    this.#line = line
    this.#context = context
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {}

  async poll(): Promise<boolean> {
    if (this.#said) return false
    this.#context.counters.EventReceivedCount++
    await this.#context.ingest(new BatchBuilder().add(this.#line).build())
    this.#context.counters.EventAcceptedCount++
    this.#said = true
    return true
  }

  describe(): string {
    return 'one line'
  }
}
`
}

function sourceTest(name: string): string {
  return `import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settingsOf } from '../../../core/read-settings.ts'
import { fakeSourceContext } from '../../../testing/fake-context.ts'
import definition from './${name}.ts'

const never = new AbortController().signal

test('the line is ingested once', async () => {
  const context = fakeSourceContext()
  const values = settingsOf(definition, { line: 'good morning' }, () => undefined)
  const source = definition.create(values, context)

  if ('poll' in source) while (await source.poll(never));

  assert.deepEqual(context.intake.texts, ['good morning'])
})
`
}

function sinkFiles(type: string, name: string, className: string): Omit<NewComponent, 'conf'> {
  const code = `import type { EventBatch } from '../../../core/batch.ts'
import { defineSink } from '../../../core/component.ts'
import type { Sink } from '../../../core/contracts/sink.ts'
import { integer } from '../../../core/schema.ts'

export default defineSink({
  type: '${type}',
  stability: 'preview',
  summary: 'Keeps the last batch in memory.',
  settings: {
    batchSize: integer('batchSize', { doc: 'Most events taken at once.', default: 100, min: 1, unit: 'events' })
  },
  batchSize: settings => settings.batchSize,
  create: () => new ${className}()
})

class ${className} implements Sink {
  #last: EventBatch | undefined

  async start(): Promise<void> {}

  async stop(): Promise<void> {}

  async deliver(batch: EventBatch): Promise<void> {
    this.#last = batch
  }

  describe(): string {
    return this.#last === undefined ? 'memory, empty' : \`memory, \${this.#last.length} events\`
  }
}
`
  const test = `import { settingsOf } from '../../../core/read-settings.ts'
import { sinkContract } from '../../../testing/sink-contract.ts'
import definition from './${name}.ts'

// What reached the target can be seen by \`stored\`: return the texts that its readers get.
sinkContract('${type}', async context => ({
  sink: definition.create(
    settingsOf(definition, {}, () => undefined),
    context
  ),
  stored: undefined
}))
`
  return { code, test }
}

function interceptorFiles(type: string, name: string): Omit<NewComponent, 'conf'> {
  const code = `import { defineInterceptor } from '../../../core/component.ts'
import { text } from '../../../core/schema.ts'

export default defineInterceptor({
  type: '${type}',
  stability: 'preview',
  summary: 'Puts a header on every event.',
  settings: {
    header: text('header', { doc: 'Name of the header.', default: '${name}' })
  },
  create: ({ header }) => ({ intercept: batch => batch.withHeader(header, 'true') })
})
`
  const test = `import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settingsOf } from '../../../core/read-settings.ts'
import { batchOf, fakeInterceptorContext } from '../../../testing/fake-context.ts'
import definition from './${name}.ts'

test('every event gets the header', () => {
  const values = settingsOf(definition, { header: 'seen' }, () => undefined)
  const interceptor = definition.create(values, fakeInterceptorContext())

  const batch = interceptor.intercept(batchOf(['a', 'b']))

  assert.deepEqual(
    [...batch].map(event => event.header('seen')),
    ['true', 'true']
  )
})
`
  return { code, test }
}

function selectorFiles(type: string, name: string): Omit<NewComponent, 'conf'> {
  const code = `import { defineSelector } from '../../../core/component.ts'

export default defineSelector({
  type: '${type}',
  stability: 'preview',
  summary: 'Sends every event to the first channel of the source.',
  settings: {},
  create: (_settings, { channels }) => ({
    route: batch => channels.slice(0, 1).map(channel => ({ channel, batch, required: true }))
  })
})
`
  const test = `import assert from 'node:assert/strict'
import { test } from 'node:test'
import { batchOf, fakeSourceContext } from '../../../testing/fake-context.ts'
import definition from './${name}.ts'

test('the first channel gets everything', () => {
  const selector = definition.create({}, { ...fakeSourceContext(), channels: ['c1', 'c2'] })
  const batch = batchOf(['a'])

  const routes = selector.route(batch)

  assert.deepEqual(routes, [{ channel: 'c1', batch, required: true }])
})
`
  return { code, test }
}

function processorFiles(type: string, name: string): Omit<NewComponent, 'conf'> {
  const code = `import { defineProcessor } from '../../../core/component.ts'
import { AgentError } from '../../../core/errors.ts'

export default defineProcessor({
  type: '${type}',
  stability: 'preview',
  summary: 'Hands everything to the first sink of the group.',
  settings: {},
  create: (_settings, { sinks }) => {
    const [first] = sinks
    if (first === undefined) throw new AgentError('ERR_CONFIG', 'The group has no sink.')
    return { deliver: (batch, signal) => first.deliver(batch, signal) }
  }
})
`
  const test = `import assert from 'node:assert/strict'
import { test } from 'node:test'
import { batchOf, fakeProcessorContext } from '../../../testing/fake-context.ts'
import { FakeGroupSink } from '../../../testing/fake-group-sink.ts'
import definition from './${name}.ts'

test('the first sink gets every batch', async () => {
  const sinks = [new FakeGroupSink('k1'), new FakeGroupSink('k2')]
  const processor = definition.create({}, fakeProcessorContext(sinks))

  await processor.deliver(batchOf(['a']), new AbortController().signal)

  assert.deepEqual(
    sinks.map(({ delivered }) => delivered),
    [['a'], []]
  )
})
`
  return { code, test }
}

function serializerFiles(type: string, name: string): Omit<NewComponent, 'conf'> {
  const code = `import { defineSerializer } from '../../../core/component.ts'

export default defineSerializer({
  type: '${type}',
  stability: 'preview',
  summary: 'Writes each body as one line.',
  settings: {},
  create: () => ({
    write: batch => [...batch].map(event => Buffer.from(\`\${event.text}\\n\`)),
    flush: () => [],
    end: () => []
  })
})
`
  const test = `import assert from 'node:assert/strict'
import { test } from 'node:test'
import { batchOf, fakeSourceContext } from '../../../testing/fake-context.ts'
import definition from './${name}.ts'

test('each body is one line', () => {
  const serializer = definition.create({}, fakeSourceContext())

  const bytes = Buffer.concat([...serializer.write(batchOf(['a', 'b'])), ...serializer.flush(), ...serializer.end()])

  assert.equal(bytes.toString(), 'a\\nb\\n')
})
`
  return { code, test }
}

function confOf(kind: NewKind, type: string): string {
  const source =
    kind === 'source'
      ? `agent.sources.in.type = ${type}`
      : 'agent.sources.in.type = seq\nagent.sources.in.totalEvents = 10'
  const sink = kind === 'sink' ? `agent.sinks.out.type = ${type}` : 'agent.sinks.out.type = logger'
  return `# The smallest agent that uses the ${kind} ${type}.
agent.sources = in
agent.channels = queue
agent.sinks = out
${kind === 'processor' ? 'agent.sinkgroups = group\n' : ''}
${source}
agent.sources.in.channels = queue
${kind === 'interceptor' ? `agent.sources.in.interceptors = i1\nagent.sources.in.interceptors.i1.type = ${type}\n` : ''}${kind === 'selector' ? `agent.sources.in.selector.type = ${type}\n` : ''}
agent.channels.queue.type = memory

${kind === 'serializer' ? `agent.sinks.out.type = file_roll\nagent.sinks.out.sink.directory = data/${type}\nagent.sinks.out.sink.serializer = ${type}` : sink}
agent.sinks.out.channel = queue
${kind === 'processor' ? `\nagent.sinkgroups.group.sinks = out\nagent.sinkgroups.group.processor.type = ${type}\n` : ''}`
}

function pascalCase(words: string): string {
  return words.replaceAll(/(?:^|-)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}
