import { styleText } from 'node:util'
import { printable, printableJson } from '../../core/printable.ts'
import type { ComponentStatus } from '../../config/check-agent.ts'
import type { Consequence, Finding, Level } from '../../config/finding.ts'
import type { Configuration } from '../../config/load.ts'

/** What is known about one agent after checking. */
export interface AgentReport extends Pick<Configuration, 'agent' | 'components' | 'findings'> {
  readonly ok: boolean
  /** How many of the components the agent would run. */
  readonly running: number
}

/** The stable interface for programs: one object, or an array when several agents were checked. */
export function reportJson(reports: readonly AgentReport[]): string {
  const objects = reports.map(({ agent, ok, components, findings }) => ({
    agent: agent ?? null,
    ok,
    components: components.map(({ kind, name, type, status }) => ({ kind, name, type, status })),
    findings: findings.map(({ level, code, file, line, key, message, hint, consequences }) => ({
      level,
      code,
      file,
      line,
      key,
      message,
      hint,
      ...(consequences === undefined ? {} : { consequences })
    }))
  }))
  return printableJson(JSON.stringify(objects.length === 1 ? objects[0] : objects, undefined, 2))
}

const LEVELS: readonly Level[] = ['error', 'warning', 'info']
const STYLES = { error: ['red', 'bold'], warning: ['yellow'], info: ['cyan'] } as const
/** What people call the levels. */
export const LEVEL_NAMES = { error: 'error', warning: 'warning', info: 'note' } as const

/** The report for people: per agent the findings by gravity, then one line that sums up. */
export function reportText(reports: readonly AgentReport[], colour: boolean): string {
  const paint = (
    styles: readonly (keyof typeof import('node:util').inspect.colors)[],
    text: string
  ): string =>
    colour ? styleText([...styles] as Parameters<typeof styleText>[0], text, { validateStream: false }) : text
  const lines: string[] = []
  for (const report of reports) {
    if (reports.length > 1) lines.push(paint(['bold'], `Agent ${printable(report.agent ?? '')}`))
    for (const level of LEVELS) {
      for (const finding of report.findings.filter(other => other.level === level)) {
        lines.push(...findingLines(finding, paint(STYLES[level], LEVEL_NAMES[level])))
      }
    }
    lines.push(paint([report.ok ? 'green' : 'red'], printable(summary(report))), '')
  }
  return lines.join('\n').trimEnd()
}

/** One finding as lines for people; `level` is the word for its level, coloured perhaps. */
export function findingLines(finding: Finding, level: string): string[] {
  const { file, line, code, key, message, hint, consequences = [] } = finding
  const where = printable(line > 0 ? `${file}:${line}` : file)
  const about = key === '' ? code : `${code} ${printable(key)}`
  const first = `${where === '' ? '' : `${where}: `}${level} ${about}: ${printable(message)}`
  return [first, ...(hint === '' ? [] : [`    ${printable(hint)}`]), ...fallenLine(consequences)]
}

/** So many sentences stand in the line of what falls with a finding. */
const MOST_FALLEN = 12

function fallenLine(consequences: readonly Consequence[]): string[] {
  if (consequences.length === 0) return []
  const told = consequences.slice(0, MOST_FALLEN).map(({ message }) => printable(message))
  const more = consequences.length - told.length
  return [`    Falls with it: ${told.join(' ')}${more > 0 ? ` And ${more} more.` : ''}`]
}

function summary(report: AgentReport): string {
  const { agent, findings } = report
  const counts = LEVELS.map(level => ({
    level,
    count: findings.filter(finding => finding.level === level).length
  }))
    .filter(({ count }) => count > 0)
    .map(({ level, count }) => `${count} ${LEVEL_NAMES[level]}${count === 1 ? '' : 's'}`)
  const parts = [
    `${agent ?? 'No agent'}: ${verdict(report)}`,
    ...statusParts(report),
    counts.length === 0 ? 'no findings' : counts.join(', ')
  ]
  return parts.join('; ')
}

function verdict({ ok, running, components }: AgentReport): string {
  if (ok) return 'ready to run'
  return running > 0 && running === components.length
    ? 'it would run, but not all is right'
    : 'not ready to run'
}

const STATUS_WORDS = {
  dropped: 'dropped',
  'not-installed': 'lacking a package',
  'not-in-this-version': 'not in this version',
  'third-party': 'third-party'
} as const

function statusParts({ components: all, running }: AgentReport): string[] {
  const components = all.filter(({ isComment }) => isComment !== true)
  const others = Object.entries(STATUS_WORDS).flatMap(([status, words]) => {
    const found = components.filter(component => component.status === status)
    return found.length === 0 ? [] : [`${words}: ${found.map(({ name }) => name).join(', ')}`]
  })
  return components.length === 0 ? others : [runningOf(running, components), ...others]
}

function runningOf(running: number, components: readonly ComponentStatus[]): string {
  const of = `of ${components.length} ${components.length === 1 ? 'component' : 'components'}`
  if (running === 0) return `none ${of} runs`
  return `${running} ${of} ${running === 1 ? 'runs' : 'run'}`
}
