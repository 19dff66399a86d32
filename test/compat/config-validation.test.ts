// What Flume 1.11 keeps of a configuration, compared with what is kept here.
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { COMPONENTS, registry } from '../../src/app/registry.ts'
import { loadConfiguration, type Configuration } from '../../src/config/load.ts'
import { DEVIATIONS, DEVIATIONS_OF_ABSENT } from './config-validation-deviations.ts'

interface Row {
  readonly name: string
  readonly agent: string
  readonly file: string
  readonly text: string
  readonly result?: {
    readonly channels: Readonly<Record<string, string>>
    readonly sources: Readonly<
      Record<string, { readonly selector: string; readonly channels: readonly string[] }>
    >
    readonly sinkRunners: Readonly<
      Record<string, { readonly processor: string; readonly sinks: readonly string[] }>
    >
  }
}

const VARIABLES = {
  BATCH: '7',
  ONE: '1',
  TWO: '2',
  STYPE: 'logger',
  CH: 'c1',
  SINKS: 'k1',
  FT: 'env',
  SRCTYPE: 'netcat',
  SRCS: 'r1',
  BLANK: ' '
}

const rows = gunzipSync(
  readFileSync(join(import.meta.dirname, '../fixtures/golden/config-validation.jsonl.gz'))
)
  .toString()
  .trim()
  .split('\n')
  .map(line => JSON.parse(line) as Row)

const HOME = join(import.meta.dirname, '..', '..')

/** Reason by name of the row: those of the frame, of types without a folder, and of the folders. */
const deviations: Readonly<Record<string, string>> = Object.assign(
  {},
  DEVIATIONS,
  ...Object.entries(DEVIATIONS_OF_ABSENT)
    .filter(([name]) => !COMPONENTS.some(({ kind, type }) => `${kind} ${type}` === name))
    .map(([, own]) => own),
  ...globSync('src/components/*/*/fixtures/deviations.json', { cwd: HOME }).map(path =>
    JSON.parse(readFileSync(join(HOME, path), 'utf8'))
  )
)

/** Flume’s outcome in one line: what is kept, with channels and selector of sources and the processor of sinks. */
function flumes({ result }: Row): string {
  if (result === undefined) return 'fatal'
  const sources = Object.entries(result.sources).map(([name, { channels, selector }]) =>
    `${name}>${channels.toSorted().join('+')}`.concat(shortName(selector))
  )
  const sinks = Object.values(result.sinkRunners).flatMap(({ sinks: names, processor }) =>
    names.map(name => name + shortName(processor))
  )
  return line(Object.keys(result.channels), sources, sinks)
}

function shortName(javaClass: string): string {
  const name = javaClass.split('.').at(-1) ?? ''
  return `(${name
    .replace(/ChannelSelector$|SinkProcessor$/, '')
    .replace(/(?<=[a-z])B/, '_b')
    .replace('Load_balancing', 'load_balance')
    .toLowerCase()})`
}

function ours({ plan, components, findings, checked }: Configuration): string {
  if (plan === undefined) return 'fatal'
  const kept = (kind: string): string[] =>
    components
      .filter(part => part.kind === kind && part.status !== 'dropped' && part.status !== 'third-party')
      .map(({ name }) => name)
  assert.ok(findings.every(finding => finding.message !== ''))
  const sources = kept('source').map(
    name =>
      `${name}>${(checked?.sources.get(name)?.channels ?? []).toSorted().join('+')}(${checked?.sources.get(name)?.selector.type ?? ''})`
  )
  const groups = checked?.groups ?? []
  const sinks = kept('sink').map(
    name => `${name}(${groups.find(group => group.sinks.includes(name))?.processor.type ?? 'default'})`
  )
  return line(kept('channel'), sources, sinks)
}

function load({ file, text, agent }: Row) {
  return loadConfiguration([{ file, text }], {
    catalog: registry,
    agent,
    variables: VARIABLES,
    properties: {}
  })
}

function line(channels: readonly string[], sources: readonly string[], sinks: readonly string[]): string {
  return `channels ${channels.toSorted().join(' ')}; sources ${sources.toSorted().join(' ')}; sinks ${sinks.toSorted().join(' ')}`
}

test('keeps what Flume keeps, and stops where Flume stops, but for the listed deviations', async () => {
  const wrong: unknown[] = []
  const unused = new Set(Object.keys(deviations))
  for (const row of rows) {
    const loaded = await load(row)
    const [got, want] = [ours(loaded), flumes(row)]
    if (got === want) continue
    if (deviations[row.name] === undefined) wrong.push({ name: row.name, got, want })
    unused.delete(row.name)
  }

  assert.deepEqual(wrong, [])
  assert.deepEqual([...unused], [], 'deviations that are none')
})

test('what Flume drops is said with its name', async () => {
  for (const row of rows) {
    const loaded = await load(row)
    for (const { name } of loaded.components.filter(({ status }) => status === 'dropped')) {
      assert.ok(
        loaded.findings.some(
          ({ level, message, key, consequences = [] }) =>
            level !== 'info' &&
            [{ message, key }, ...consequences].some(
              said => said.message.includes(name) || said.key.includes(name)
            )
        ),
        `${row.name}: ${name}`
      )
    }
  }
})
