import { needOf } from './packages.ts'
import type { AnyDefinition } from '../core/component.ts'
import { isInner } from '../core/inner.ts'
import { isRecords } from '../core/records.ts'
import type { Setting, Settings } from '../core/schema.ts'
import { metricsMarkdown, metricsText } from './manual-metrics.ts'

/** A component as the manual shows it. */
export interface ManualPage {
  readonly definition: AnyDefinition
  /** Text of `<type>.conf`: the smallest agent that uses the component. */
  readonly example: string | undefined
  /** Text of `notes.md` beside it, where there is one. */
  readonly notes: string | undefined
}

/** One line of the table of settings. */
export interface SettingRow {
  readonly key: string
  readonly value: string
  readonly default: string
  readonly doc: string
}

/** Every setting of a component in the order of its declaration, as texts. */
export function settingRows(definition: AnyDefinition): SettingRow[] {
  return rowsOf(definition.settings)
}

// Records are shown as one of them, under the word that stands for its name.
function rowsOf(settings: Settings, remark = ''): SettingRow[] {
  return Object.values(settings).flatMap(setting => {
    if (isRecords(setting)) {
      const { placeholder, namedBy, each } = setting.records
      const lists = namedBy.map(key => `\`${key}\``).join(' and ')
      return rowsOf(each, lists === '' ? '' : `For each ${placeholder} in ${lists}.`)
    }
    return {
      key: setting.type === 'prefix' ? `${setting.key}*` : setting.key,
      value: valueOf(setting),
      default: setting.required ? 'required' : defaultText(setting),
      doc: docOf(setting, remark)
    }
  })
}

/** The default as one would write it in a file; empty when there is none or it is secret. */
export function defaultText(setting: Setting<unknown>): string {
  if (isInner(setting)) return setting.inner.defaultType
  const value = setting.default
  if (value === undefined || setting.type === 'prefix') return ''
  if (Array.isArray(value)) return value.join(' ')
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** The page as Markdown, for the reference. */
export function renderMarkdown({ definition, example, notes }: ManualPage): string {
  const { kind, type, summary, stability, classes } = definition
  const rows = settingRows(definition)
  const table = ['| key | value | default | meaning |', '|---|---|---|---|'].concat(
    rows.map(
      row => `| \`${row.key}\` | ${cell(row.value)} | ${defaultCell(row.default)} | ${cell(row.doc)} |`
    )
  )
  const parts = [
    `# ${titleOf(kind)} ${type}`,
    stability === 'stable' ? summary : `${summary}\n\n*Preview: settings may still change.*`,
    classes.length === 0 ? undefined : `Also written as ${classes.map(name => `\`${name}\``).join(', ')}.`,
    needsText(definition, '`'),
    rows.length === 0 ? 'It has no settings.' : `## Settings\n\n${table.join('\n')}`,
    notes?.trim(),
    metricsMarkdown(definition),
    example === undefined ? undefined : `## Example\n\n\`\`\`properties\n${example.trimEnd()}\n\`\`\``
  ]
  return `${parts.filter(part => part !== undefined).join('\n\n')}\n`
}

/** The page as plain text for a terminal of `width` columns. */
export function renderText({ definition, example, notes }: ManualPage, width = 100): string {
  const { kind, type, summary, classes } = definition
  const settings = settingRows(definition).flatMap(row => [
    `  ${row.key}   ${row.value}${row.default === '' ? '' : row.default === 'required' ? ', required' : `, default ${row.default}`}`,
    ...wrapped(row.doc, width - 6).map(line => `      ${line}`)
  ])
  const parts = [
    `${titleOf(kind)} ${type}`,
    wrapped(summary, width).join('\n'),
    classes.length === 0 ? undefined : `Also written as:\n${classes.map(name => `  ${name}`).join('\n')}`,
    needsText(definition, ''),
    settings.length === 0 ? 'It has no settings.' : `Settings\n${settings.join('\n')}`,
    notes?.trim(),
    metricsText(definition, text => wrapped(text, width - 6)),
    example === undefined ? undefined : `Example\n${indented(example.trimEnd())}`
  ]
  return `${parts.filter(part => part !== undefined).join('\n\n')}\n`
}

function needsText({ needs = [] }: AnyDefinition, quote: string): string | undefined {
  if (needs.length === 0) return undefined
  const names = needs.map(need => needOf(need))
  const list = names.map(({ name, version }) => `${name} ${version}`).join(', ')
  const command = `flume-ng plugin add ${names.map(({ name }) => name).join(' ')}`
  return `It needs ${list}, which not everybody has: ${quote}${command}${quote}.`
}

function titleOf(kind: string): string {
  return kind.slice(0, 1).toUpperCase() + kind.slice(1)
}

const VALUE_WORDS: Readonly<Record<Setting<unknown>['type'], string>> = {
  text: 'text',
  integer: 'whole number',
  long: 'whole number',
  number: 'number',
  boolean: 'true or false',
  choice: 'one of',
  list: 'words',
  pattern: 'regular expression',
  secret: 'text',
  secretFile: 'path of a file',
  prefix: 'text',
  component: 'type',
  path: 'path',
  bytes: 'number of bytes, also as 256k, 4m',
  url: 'URL',
  endpoint: 'host:port',
  endpoints: 'host:port, host:port …',
  records: ''
}

function valueOf(setting: Setting<unknown>): string {
  if (setting.values !== undefined) return setting.values.join(', ')
  const { min, max, unit } = setting
  const range = [min === undefined ? '' : `from ${min}`, max === undefined ? '' : `up to ${max}`]
  return [VALUE_WORDS[setting.type], ...range, unit === undefined ? '' : `(${unit})`]
    .filter(word => word !== '')
    .join(' ')
}

function docOf(setting: Setting<unknown>, remark: string): string {
  const remarks = [
    remark,
    setting.aliases.length === 0 ? '' : `Also: ${setting.aliases.join(', ')}.`,
    setting.secret ? 'Never shown.' : '',
    setting.lenient ? 'A wrong value gives a warning and the default.' : '',
    isInner(setting) ? `Its own settings follow below \`${setting.inner.prefix}\`.` : ''
  ]
  return [setting.doc, ...remarks].filter(sentence => sentence !== '').join(' ')
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll(/\s*\n\s*/g, ' ')
}

function defaultCell(text: string): string {
  return text === '' ? '' : text === 'required' ? '*required*' : `\`${cell(text)}\``
}

function indented(text: string): string {
  return text
    .split('\n')
    .map(line => (line === '' ? '' : `  ${line}`))
    .join('\n')
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return line === '' ? lines : [...lines, line]
}
