import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { AgentError } from '../../core/errors.ts'
import { compilePattern } from '../pattern.ts'
import { tryBound } from './cost.ts'
import { Machine } from './machine.ts'
import { parsePattern } from './parse.ts'
import { isAtPlace } from './places.ts'
import { makeProgram, OPS, type Program } from './program.ts'
import { checkRepeated } from './repeated-text.ts'
import { toJavaScript } from './to-javascript.ts'

const RUNAWAY = [
  '(a+)+b',
  '(a*)*b',
  '(a|a)*b',
  '(a|aa)+$',
  '(.*a){20}',
  '(.*?,){11}P',
  '^(([a-z])+.)+[A-Z]([a-z])+$',
  '((a+)+)+((a+)+)+b',
  '(a?){30}a{30}',
  '(?:(?:a*)*)*b',
  '(?>(a+)+)b',
  '(?:a+)++b',
  '(?:a++)*+b',
  '(?=(a+)+b)a',
  '(?:(?=.*b)a)*',
  '(?:(?!.*b)a)*c',
  '(?<=(?:a|aa)+)b',
  '(?<!a.*)c',
  '(?:a|(?:a|(?:a|a)*)*)*b',
  '\\s+$',
  '.*.*.*.*=.*',
  '(x+x+)+y',
  '([ab])(.*)*\\1c',
  '(.)(?:.*)*\\1\\1c',
  '\\b(?:\\w+\\s?)+\\b!',
  '(?m)^(?:\\s*\\S+)*$\\z',
  '(?i)(?:a|A|aa)*b',
  '(?iu)(?:é|É)*è',
  '(?:\\R|\\n|\\r)*x',
  '(?:a|)+(?:|a)*b',
  '(?:(a)|(b)|(ab))*c'
]

/** Texts that are hard for some pattern each. */
function textsFor(length: number): string[] {
  return ['a', 'ab', 'x', ' ', 'a,', '\r\n', 'é', '😀', 'a ', '='].map(part =>
    part.repeat(Math.ceil(length / part.length))
  )
}

/** So many steps for each instruction and place: loops in loops have some states more. */
const STEPS_PER_STATE = 8

test('no pattern takes more steps than its length times that of the text', () => {
  for (const pattern of RUNAWAY) {
    const program = programOf(pattern)
    for (const text of textsFor(800)) {
      const machine = new Machine(program, text, false)
      for (let start = 0; start <= text.length; start++) {
        const [, end = start] = machine.matchAt(start) ?? []
        start = Math.max(start, end - 1)
      }
      const most = STEPS_PER_STATE * program.op.length * (text.length + 1) * (1 + program.repeated.length)
      assert.ok(machine.steps <= most, `${pattern} on ${text.slice(0, 4)}: ${machine.steps} of ${most}`)
    }
  }
})

test('all calls come back for long texts, or say that these are too long', () => {
  for (const pattern of RUNAWAY.map(source => compilePattern(source))) {
    for (const text of textsFor(3000)) {
      for (const name of ['findAll', 'matches', 'lookingAt', 'split'] as const) {
        try {
          pattern[name](text)
        } catch (error) {
          assert.ok(error instanceof AgentError && error.code === 'ERR_BAD_EVENT', String(error))
        }
      }
    }
  }
})

test('a text too long for a large pattern is refused as an event that can never be handled', () => {
  assert.throws(() => compilePattern('(?:a{0,1000}+)b').find('a'.repeat(200_000)), {
    name: 'AgentError',
    code: 'ERR_BAD_EVENT',
    message: 'The text is too long for the regular expression.'
  })
})

test('patterns that are hard to read are read, or refused', () => {
  const letters = Array.from({ length: 2900 }, (_, index) => String.fromCharCode(0x100 + 3 * index))
  const hard = [
    letters.join('|'),
    `(?iu)[${letters.join('')}]`,
    `(?iu)${letters.join('')}`,
    `(?:${letters.join('?')})*`,
    `${'(?:'.repeat(150)}a+b${')+c'.repeat(150)}`,
    `${'(?:a{2,}b){2,}'.repeat(50)}`,
    `(${'(?:a|b)?'.repeat(500)})\\1`,
    '([a&&b]{1,2000000000})\\1',
    '(?:|){1000000000}',
    '(?:(?:(?:a{1000}){1000}){1000}){1000}',
    'a'.repeat(1 << 20)
  ]
  for (const pattern of hard) {
    try {
      compilePattern(pattern).find('aĀb')
    } catch (error) {
      assert.ok(error instanceof AgentError && error.code === 'ERR_UNSUPPORTED', String(error))
    }
  }
})

function programOf(pattern: string): Program {
  const syntax = parsePattern(pattern)
  checkRepeated(pattern, syntax.root)
  return makeProgram(pattern, syntax)
}

const atom = fc.constantFrom(
  'a',
  'b',
  'ab',
  '.',
  '[ab]',
  '[^a]',
  '\\w',
  '\\s',
  ':',
  '^',
  '$',
  '\\b',
  '(?i:a)'
)
const quantifier = fc.constantFrom('', '', '', '*', '+', '?', '{2}', '{1,3}', '*?', '+?', '??', '{0,2}?')
const { pattern: anyPattern } = fc.letrec<{ pattern: string; item: string }>(tie => ({
  item: fc.oneof(
    { weight: 5, arbitrary: atom },
    { weight: 2, arbitrary: tie('pattern').map(inner => `(${inner})`) },
    { weight: 2, arbitrary: tie('pattern').map(inner => `(?:${inner})`) },
    {
      weight: 1,
      arbitrary: fc.constantFrom('(?=a)', '(?!ab)', '(?<=a)', '(?<!b|:)', '(?>a|ab)', '(?:a++)', '\\R')
    }
  ),
  pattern: fc
    .array(fc.array(fc.tuple(tie('item'), quantifier), { maxLength: 4 }), { minLength: 1, maxLength: 3 })
    .map(options => options.map(items => items.map(parts => parts.join('')).join('')).join('|'))
}))
const anyText = fc.oneof(
  fc.array(fc.constantFrom('a', 'b', 'A', ':', ' ', '\n', '\r\n', 'é', '😀'), { maxLength: 12 }),
  fc.array(fc.constantFrom('a', 'b'), { maxLength: 24 }),
  fc.nat(24).map(times => ['a'.repeat(times), ':'])
)

test('both engines find the same', () => {
  fc.assert(
    fc.property(
      anyPattern,
      anyText.map(parts => parts.join('')),
      (source, text) => {
        const [given, stepwise] = [compilePattern(source), compilePattern(`(?:${source})(?>)`)]
        for (const name of ['find', 'matches', 'lookingAt'] as const) {
          const [a, b] = [given[name](text), stepwise[name](text)]
          const groups = Array.from({ length: given.groupCount + 1 }, (_, index) => index)
          assert.deepEqual([a?.start, a?.end], [b?.start, b?.end])
          assert.deepEqual(
            groups.map(index => a?.group(index)),
            groups.map(index => b?.group(index))
          )
        }
      }
    ),
    { numRuns: 1500 }
  )
})

test('what is left to JavaScript tries no more ways than were counted', () => {
  let counted = 0
  fc.assert(
    fc.property(
      anyPattern,
      anyText.map(parts => parts.join('')),
      (source, text) => {
        const { root } = parsePattern(source)
        const bound = tryBound(root).forText(text)
        if (toJavaScript(root) === undefined || bound === Infinity) return
        counted++
        assert.ok(triesOf(programOf(source), text) <= bound)
        assert.ok(bound <= tryBound(root).forLength(text.length))
      }
    ),
    { numRuns: 3000 }
  )
  assert.ok(counted > 300)
})

/** How many characters a search without memory reads before it has tried every way. */
function triesOf(program: Program, text: string): number {
  const { op, a, b, sets, places } = program
  let tries = 0
  for (let start = 0; start <= text.length; start++) {
    const ways: [number, number][] = [[0, start]]
    for (let way = ways.pop(); way !== undefined; way = ways.pop()) {
      const [at, place] = way
      const first = a[at]!
      switch (op[at]) {
        case OPS.unit:
          tries++
          if (text.charCodeAt(place) === first) ways.push([at + 1, place + 1])
          break
        case OPS.narrow:
        case OPS.wide:
          tries++
          if (place < text.length && sets[first]!.has(text.charCodeAt(place))) ways.push([at + 1, place + 1])
          break
        case OPS.split:
          ways.push([b[at]!, place], [first, place])
          break
        case OPS.jump:
          ways.push([first, place])
          break
        case OPS.place:
          if (isAtPlace(places[first]!, text, place, 0)) ways.push([at + 1, place])
          break
        case OPS.open:
        case OPS.close:
          ways.push([at + 1, place])
          break
        case OPS.accept:
          ways.length = 0
          break
        default:
          // A look-around costs what it holds, which is less than the place for it that is counted.
          ways.push([at + 1, place])
      }
    }
  }
  return tries
}
