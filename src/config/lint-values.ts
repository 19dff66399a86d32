import { trimJava } from '../core/numbers.ts'
import { commentBehind, type CommentBehind } from './comment-behind.ts'
import type { Property } from './finding.ts'
import type { Findings } from './findings.ts'
import { withoutStrangeBlanks } from './misread.ts'

/** What templates hold where a value has to be written. */
const PLACEHOLDERS: readonly RegExp[] = [
  /^<(?:[a-z][^<>/]*)?>$/i,
  /^<<[^<>]+>>$/,
  /:\/\/\S{0,200}<[a-z][\w .-]*>/i,
  /\bX{4,}\b/i,
  /^x{3}$/i,
  /\bX{2,3}(?:\.X{1,3}){1,3}\b/i,
  /^(?:Y{4,}|Z{4,})$/,
  /(?:^|[^a-z])(?:your|insert|enter)[_-][a-z]/i,
  /^(?:change[_-]?me|replace[_-]?me|fill[_-]?me(?:[_-]in)?|todo|tbd|fixme)$/i,
  /\[\s*required\s*\]/i,
  /(?<![A-Za-z0-9])__[A-Z][A-Z0-9_]*?__(?![A-Za-z0-9])/,
  /(?:^|[\s/:=.,])@[A-Za-z][\w.-]*@(?:$|[\s/:.,])/,
  /^\{[A-Za-z][\w-]*\}$/,
  /:\/\/\S{0,200}(?<![$%#])\{[a-z][\w-]*\}/i,
  /\{\{\s*[\w.-]+\s*\}\}/
]
/** Values in which such signs have a meaning of their own. */
const PATTERNS = /(?:regex|pattern|search|format|keywords|query)\w*$/i
const NAME_LIST =
  /^(?:sources|channels|sinks|sinkgroups|configfilters|sources\.[^.]+\.(?:channels|interceptors)|sinkgroups\.[^.]+\.sinks|sinks\.[^.]+\.channel)$/

/** A path that a shell would take for one in the home directory, alone or in a list with commas. */
const TILDE = /(?:^|,)\s*~(?:\/|$)/
const FOR_A_SHELL = /\.command$/

/** Says what values look like that were meant otherwise. Only properties of this agent are judged. */
export function lintValues(properties: readonly Property[], agent: string, findings: Findings): void {
  const prefix = `${agent}.`
  for (const property of properties) {
    if (!property.key.startsWith(prefix)) continue
    const trimmed = trimJava(property.value)
    const comment = commentBehind({ ...property, value: trimmed })
    const value = comment?.value ?? trimmed
    if (comment !== undefined) reportComment(property, comment, findings)
    lintList(property, property.key.slice(prefix.length), value, findings)
    lintCharacters(property, value, findings)
  }
}

function reportComment(property: Property, { sign }: CommentBehind, findings: Findings): void {
  findings.add(sign === '#' ? 'INLINE_COMMENT' : 'SLASH_COMMENT', {
    at: property,
    key: property.key,
    message: `What stands behind ${sign} in ${property.key} is part of the value.`,
    hint: `Put the comment on a line of its own${sign === '#' ? '' : ', with # at its beginning'}.`
  })
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
  if (!PATTERNS.test(key) ? PLACEHOLDERS.some(form => form.test(value)) : /^<[^<>/]*>$/.test(value)) {
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
  if (/[^\x00-\x7f]/.test(withoutStrangeBlanks(value))) {
    findings.add('NON_ASCII_VALUE', {
      at: property,
      key,
      message: `${key} holds characters beyond ASCII; they are read as UTF-8 here, but Flume would garble them.`,
      hint: 'Write them as \\uXXXX if Flume shall read the file too.'
    })
  }
}
