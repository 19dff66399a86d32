// Configuration files of real users, kept outside the project; each must be judged as its annotation says.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { registry } from '../../src/app/registry.ts'
import { loadConfiguration, type Configuration } from '../../src/config/load.ts'
import { readConfiguration } from '../../src/config/read-files.ts'

const folder = join(import.meta.dirname, '..', '..', '..', 'shared', 'configs')
const skip = existsSync(folder) ? false : 'the configuration files are not there'

interface Annotated {
  readonly number: string
  readonly by: string
  /** `agent: src=… ch=… snk=… DROPPED=…`, agents separated by ` | `. */
  readonly components: string
  readonly codes: ReadonlySet<string>
}

/** Codes that differ from the annotation, each with its reason. */
const DIFFERENT: Readonly<Record<string, string>> = {
  '033 CUSTOM_CLASS': 'MorphlineSink is Flume’s own class, though not in its guide',
  '033 UNK_PROP': 'so its unknown property threadCount is one',
  '131 BAD_VALUE': 'hdfs:/// means the host of fs.defaultFS, and no site files are there',
  '131 PROP_NO_EFFECT': 'nothing tells how many replicas a block has, which the annotation does not look at',
  '179 PLACEHOLDER': 'the value </record> is meant as it stands'
}

/** Ours alone, or of no interest to the annotation. */
const NOT_COMPARED = ['DROPPED', 'NOT_IN_THIS_VERSION']

const rows =
  skip === false
    ? readFileSync(join(folder, 'expected.tsv'), 'utf8').trim().split('\n').slice(1).map(annotated)
    : []

function annotated(line: string): Annotated {
  const [number = '', by = '', , , components = '', findings = ''] = line.split('\t')
  const codes = new Set(
    [...findings.matchAll(/(?:^| )([A-Z][A-Z_0-9]+)(?=[( ]|$)/g)].map(match => match[1] ?? '')
  )
  return { number, by, components, codes }
}

async function checkedAgents(number: string): Promise<Configuration[]> {
  const source = await readConfiguration(join(folder, 'files', `${number}.conf`))
  const options = { catalog: registry, variables: {}, properties: {} }
  const { agents } = await loadConfiguration([source], options)
  return await Promise.all(agents.map(agent => loadConfiguration([source], { ...options, agent })))
}

/** Flume names a group's sinks by their group. */
function shown(
  { agent, components, plan }: Configuration,
  groups: ReadonlyMap<string, readonly string[]>
): string {
  const kept = (kind: string): string[] =>
    components.filter(part => part.kind === kind && part.status !== 'dropped').map(({ name }) => name)
  const grouped = kept('sinkgroup').flatMap(name => groups.get(name) ?? [])
  const sinks = [...kept('sink').filter(name => !grouped.includes(name)), ...kept('sinkgroup')]
  const dropped = components
    .filter(({ status, kind }) => status === 'dropped' && kind !== 'sinkgroup')
    .map(({ name }) => name)
  assert.ok(plan === undefined || plan.agent === agent)
  const list = (names: readonly string[]): string => names.toSorted().join(',') || '-'
  return `${agent ?? ''}: src=${list(kept('source'))} ch=${list(kept('channel'))} snk=${list(sinks)}${dropped.length === 0 ? '' : ` DROPPED=${list(dropped)}`}`
}

/** Names in lists may end with a comma, so the dropped ones are put in order carefully. */
function inOrder(agent: string): string {
  return agent
    .trim()
    .replace(
      /DROPPED=(.*)$/,
      (_, names: string) => `DROPPED=${(names.match(/[^,]+,(?=,|$)|[^,]+/g) ?? []).toSorted().join(',')}`
    )
}

function groupsOf(number: string): Map<string, readonly string[]> {
  const text = readFileSync(join(folder, 'files', `${number}.conf`), 'utf8')
  return new Map(
    [...text.matchAll(/\.sinkgroups\.([^.\s]+)\.sinks\s*=\s*(.*)/g)].map(match => [
      match[1] ?? '',
      (match[2] ?? '').trim().split(/\s+/)
    ])
  )
}

test('every file keeps and drops the components it should', { skip }, async () => {
  const wrong: unknown[] = []
  for (const { number, components } of rows) {
    const wanted = components
      .split(' | ')
      .map(inOrder)
      .filter(agent => !agent.startsWith('…'))
    const agents = (await checkedAgents(number)).map(agent => inOrder(shown(agent, groupsOf(number))))
    const missing = wanted.filter(agent => !agents.includes(agent))
    if (missing.length > 0 || (wanted.length !== agents.length && !components.includes('…')))
      wrong.push({ number, missing, agents })
  }

  assert.deepEqual(wrong, [])
})

test('files read by hand give the findings of their annotation', { skip }, async () => {
  const wrong: unknown[] = []
  for (const { number, codes } of rows.filter(({ by }) => by === 'hand')) {
    const all = (await checkedAgents(number)).flatMap(({ findings }) => findings)
    const found = new Set(all.map(({ code }) => code))
    const grave = new Set(all.filter(({ level }) => level !== 'info').map(({ code }) => code))
    const missing = [...codes].filter(code => !found.has(code))
    const extra = [...grave].filter(code => !codes.has(code) && !NOT_COMPARED.includes(code))
    const different = [...missing, ...extra].filter(code => DIFFERENT[`${number} ${code}`] === undefined)
    if (different.length > 0) wrong.push({ number, different })
  }

  assert.deepEqual(wrong, [])
})

test('every finding points at a line and says what is wrong', { skip }, async () => {
  for (const { number } of rows) {
    const lines = readFileSync(join(folder, 'files', `${number}.conf`), 'utf8').split(/\r\n|\r|\n/).length
    for (const { findings } of await checkedAgents(number)) {
      for (const finding of findings) {
        assert.ok(
          finding.line >= 1 && finding.line <= lines && finding.file.endsWith(`${number}.conf`),
          JSON.stringify(finding)
        )
        assert.match(finding.message, /\S/)
        if (finding.level !== 'info') assert.match(finding.hint, /\S/, JSON.stringify(finding))
      }
    }
  }
})
