import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AgentError } from '../core/errors.ts'
import { goldenRows } from '../testing/golden.ts'
import { compilePattern, type Pattern } from './pattern.ts'
import type { Match } from './patterns/match.ts'
import { compileReplacement } from './replacement.ts'

type Spans = readonly ([number, number] | null)[] | null

interface Row {
  readonly op: 'find' | 'compile' | 'replaceAll' | 'split' | 'named'
  readonly pattern: string
  readonly in: string
  readonly groupCount: number
  readonly find: readonly Spans[]
  readonly matches: Spans
  readonly lookingAt: Spans
  readonly replacement: string
  readonly out: unknown
  readonly groups: Readonly<Record<string, unknown>>
  readonly error?: { readonly description?: string; readonly index?: number; readonly message: string }
}

/** Why our answer is meant to differ. */
const DEVIATIONS: readonly (readonly [pattern: string, why: string])[] = [
  ['\\X', 'refused: what readers see as one character is not known here'],
  ['\\b{g}', 'refused, likewise'],
  ['\\N{LATIN SMALL LETTER A}', 'refused: the names of characters are not known here'],
  ['\\N{BOGUS}', 'refused, likewise'],
  ['\\p{InBogus}', 'refused: only some blocks are known here, and nobody can say that there is no such one'],
  ['a{99999}', 'refused: it comes to too many instructions'],
  ['(?=(a+))\\1', 'refused: a back reference to a text of any length'],
  ['(a|b\\1)+', 'refused, likewise'],
  ['\\p', "the JVM's sentence holds a NUL character"],
  ['(?<=\\ud83d\\ude00)x', 'a mistake of Java: it does not look two units back'],
  // What a possessive group held when it failed, even at another place, is not forgotten by Java.
  ['(?!b)*?(?:b|c)*?(a)*+[a-c&&[^b]]^*+', 'groups of a way that was given up'],
  ['(b|)++(?<=a)+?c*+x\\b|', 'groups of a way that was given up'],
  ['\\s|(a)*+(a)?$(?>a*)+?', 'groups of a way that was given up'],
  ['(?<=a)$|(a)*+\\s', 'groups of a way that was given up'],
  ['(a)*+\\hb?\\w?(?:b|c)*?', 'groups of a way that was given up']
]
const differs = ({ pattern }: Row): boolean => DEVIATIONS.some(([known]) => known === pattern)
const rows = goldenRows<Row>('regex.jsonl.gz').filter(row => !differs(row))
const rowsOf = (...ops: readonly string[]): Row[] => rows.filter(({ op }) => ops.includes(op))

/** A pattern that finds the same, in steps of our own. */
const stepwise = (source: string): Pattern => compilePattern(`(?>)${source}`)

function shown(match: Match | undefined, { groupCount }: Pattern): unknown {
  if (match === undefined) return null
  const groups = Array.from({ length: groupCount }, (_, index) => match.group(index + 1) ?? null)
  return [match.start, match.end, ...groups]
}

function recorded(spans: Spans, text: string): unknown {
  if (spans === null) return null
  const [whole, ...groups] = spans
  return [...(whole ?? []), ...groups.map(span => (span === null ? null : text.slice(...span)))]
}

function allOf(pattern: Pattern, text: string): unknown {
  return {
    groupCount: pattern.groupCount,
    find: pattern
      .findAll(text)
      .slice(0, 50)
      .map(match => shown(match, pattern)),
    matches: shown(pattern.matches(text), pattern),
    lookingAt: shown(pattern.lookingAt(text), pattern)
  }
}

function errorOf(task: () => unknown): AgentError | undefined {
  try {
    task()
    return undefined
  } catch (error) {
    assert.ok(error instanceof AgentError, String(error))
    return error
  }
}

test('every recorded pattern is found where Java finds it, with the same groups', () => {
  const found = rowsOf('find')
  assert.ok(found.length > 1540)

  for (const row of found) {
    const { pattern, in: text, groupCount } = row
    for (const compiled of [compilePattern(pattern), stepwise(pattern)]) {
      const all = allOf(compiled, text)
      // Where Java's stack overflows, it only has to come to an end.
      if (row.error !== undefined) continue
      const find = row.find.map(spans => recorded(spans, text))
      const [matches, lookingAt] = [row.matches, row.lookingAt].map(spans => recorded(spans, text))
      assert.deepEqual(all, { groupCount, find, matches, lookingAt }, JSON.stringify([pattern, text]))
    }
  }
})

test("a pattern that Java refuses is refused with Java's sentence, and where it is wrong", () => {
  const refused = rowsOf('compile')
  assert.ok(refused.length > 130)

  for (const { pattern, error } of refused) {
    const given = errorOf(() => compilePattern(pattern))
    assert.deepEqual(
      [given?.code, given?.facts],
      ['ERR_CONFIG', { pattern, reason: error?.description, index: error?.index }],
      pattern
    )
  }
})

test('replacements, their mistakes too, are those of Java', () => {
  const replaced = rowsOf('replaceAll')
  assert.ok(replaced.length > 140)

  for (const { pattern, in: text, replacement, out, error } of replaced) {
    const compiled = compilePattern(pattern)
    if (error === undefined) {
      assert.equal(compiled.replaceAll(text, compileReplacement(replacement, compiled)), out, pattern)
    } else {
      const given = errorOf(() => compileReplacement(replacement, compiled))
      assert.deepEqual([given?.code, given?.facts['reason']], ['ERR_CONFIG', error.message], replacement)
    }
  }
})

test('texts are split as in Java, and groups found by name', () => {
  for (const { op, pattern, in: text, out, groups, error } of rowsOf('split', 'named')) {
    if (error !== undefined) continue
    const compiled = compilePattern(pattern)
    if (op === 'split') assert.deepEqual(compiled.split(text), out)
    for (const [name, value] of Object.entries(groups ?? {})) {
      const index = compiled.groupNames.get(name)
      const group = index === undefined ? { none: name } : (compiled.find(text)?.group(index) ?? null)
      assert.deepEqual(group, typeof value === 'object' && value !== null ? { none: name } : value)
    }
  }
})

test('replaceFirst replaces the first match only, and a text without one stays the same', () => {
  const pattern = compilePattern('(?<letter>[ab])')
  const replacement = compileReplacement('<${letter}>', pattern)

  assert.equal(pattern.replaceFirst('xaxb', replacement), 'x<a>xb')
  assert.equal(pattern.replaceFirst('xyz', replacement), 'xyz')
})

test('find goes on from a place, and looks back behind it', () => {
  const pattern = compilePattern('(?<=a)b|^c')

  assert.equal(pattern.find('cab', 1)?.start, 2)
  assert.equal(pattern.find('cab', 2)?.start, 2)
  assert.equal(pattern.find('cab', 3), undefined)
})

test('flags can be given beside the pattern', () => {
  assert.equal(compilePattern('^A.b$', { ignoreCase: true, dotAll: true }).matches('a\nB')?.end, 3)
  assert.equal(compilePattern('^b', { multiline: true }).find('a\nb')?.start, 2)
})

test('what cannot run within bounds is refused, and the part of it is named', () => {
  const reasons = {
    '(\\w+)\\s\\1':
      'the back reference \\1 asks for a text of many possible ones again; this needs steps without bound',
    '(?:[ab]{100}){200}': 'it comes to more than 10000 steps when its counted repeats are written out',
    '\\X': '\\X stands for what readers see as one character',
    '\\p{javaJavaIdentifierStart}':
      'the characters of \\p{javaJavaIdentifierStart} are not known here; write them as ranges',
    [`${'('.repeat(300)}a${')'.repeat(300)}`]: 'groups are nested more than 200 deep',
    '(?<=a++)b': 'an atomic group or possessive repeat stands in a look-behind',
    [`${'['.repeat(300)}a${']'.repeat(300)}`]: 'classes are nested more than 100 deep',
    [`[a${'&&a'.repeat(300)}]`]: '&& is used more than 100 times in a class'
  }
  for (const [pattern, reason] of Object.entries(reasons)) {
    const error = errorOf(() => compilePattern(pattern))
    assert.deepEqual([error?.code, error?.facts], ['ERR_UNSUPPORTED', { pattern, reason }])
  }
})

test('a back reference to one of a few texts, or to one character, is taken', () => {
  const quoted = compilePattern('(["\'])(.*?)\\1')

  assert.equal(quoted.find('say "it\'s" now')?.group(2), "it's")
  assert.equal(compilePattern('(?i)(.)\\1').find('xAa')?.group(0), 'Aa')
  assert.equal(compilePattern('(ab|c)\\1').find('abccab')?.group(0), 'cc')
})

test('what is known of a place is not taken for more than it is', () => {
  const placesOf = (pattern: string, text: string): unknown =>
    stepwise(pattern)
      .findAll(text)
      .map(({ start, end }) => [start, end])

  // The text of a group that is only half read, and the end of the last match.
  assert.deepEqual(placesOf('(a?)\\1', 'baa'), [
    [0, 0],
    [1, 3],
    [3, 3]
  ])
  assert.deepEqual(placesOf('(a?)\\1', 'bab'), [
    [0, 0],
    [1, 1],
    [2, 2],
    [3, 3]
  ])
  assert.deepEqual(placesOf('b?\\Gb', 'bbb'), [
    [0, 1],
    [1, 2],
    [2, 3]
  ])
})

test('characters that take two units are one', () => {
  for (const pattern of [compilePattern('.'), stepwise('.')]) {
    assert.deepEqual(
      pattern.findAll('😀a').map(({ start, end }) => [start, end]),
      [
        [0, 2],
        [2, 3]
      ]
    )
  }
  assert.equal(compilePattern('(?<=😀)').find('😀', 1)?.start, 2)
})
