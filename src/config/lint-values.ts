import type { AgentText } from './agent-text.ts'
import type { Findings, Property } from './finding.ts'
import type { Properties } from './merge.ts'

const PLACEHOLDER =
  /^<[a-z][^<>/]*>$|\bX{4,}\b|(?:^|[^a-z])(?:your|insert|enter)[_-][a-z]|^(?:changeme|todo|tbd|fixme)$|\[\s*required\s*\]/i
const NAME_LIST =
  /^(?:sources|channels|sinks|sinkgroups|configfilters|sources\.[^.]+\.(?:channels|interceptors)|sinkgroups\.[^.]+\.sinks|sinks\.[^.]+\.channel)$/

/** A path that a shell would take for one in the home directory, alone or in a list with commas. */
const TILDE = /(?:^|,)\s*~(?:\/|$)/
const FOR_A_SHELL = /\.command$/

/** Says what values look like that were meant otherwise. Only properties of this agent are judged. */
export function lintValues(agent: AgentText, raw: Properties, findings: Findings): void {
  const prefix = `${agent.name}.`
  for (const property of raw.values()) {
    if (!property.key.startsWith(prefix)) continue
    const value = property.value.trim()
    lintList(property, property.key.slice(prefix.length), value, findings)
    lintCharacters(property, value, findings)
  }
}

function lintList(property: Property, key: string, value: string, findings: Findings): void {
  if (!NAME_LIST.test(key) || !value.includes(',')) return
  const names = value.split(/[\s,]+/).filter(name => name !== '')
  findings.add('COMMA_LIST', {
    at: property,
    key: property.key,
    message: `${property.key} is split on blanks; the commas become part of the names.`,
    hint: `Write ${property.key} = ${names.join(' ')}.`
  })
}

function lintCharacters(property: Property, value: string, findings: Findings): void {
  const { key } = property
  if (PLACEHOLDER.test(value)) {
    findings.add('PLACEHOLDER', {
      at: property,
      key,
      message: `The value of ${key} looks like a placeholder of a template.`,
      hint: 'Write the real value.'
    })
  }
  if (TILDE.test(value) && !FOR_A_SHELL.test(key)) {
    findings.add('HOME_TILDE', {
      at: property,
      key,
      message: `The ~ in ${key} is not the home directory; it becomes part of a path below the folder where the agent was started.`,
      hint: 'Write ${sys:user.home} instead of ~.'
    })
  }
  if (/\s#/.test(value)) {
    findings.add('INLINE_COMMENT', {
      at: property,
      key,
      message: `What stands behind # in ${key} is part of the value.`,
      hint: 'Put the comment on a line of its own.'
    })
  }
  if (/[^\x00-\x7f]/.test(value)) {
    findings.add('NON_ASCII_VALUE', {
      at: property,
      key,
      message: `${key} holds characters beyond ASCII; they are read as UTF-8 here, but Flume would garble them.`,
      hint: 'Write them as \\uXXXX if Flume shall read the file too.'
    })
  }
}
