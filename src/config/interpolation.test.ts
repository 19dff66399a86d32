import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { simpleDateFormat } from '../java/simple-date-format.ts'
import { timeZone } from '../java/time-zone.ts'
import { Findings } from './findings.ts'
import { interpolate } from './interpolation.ts'
import { defaultLookups, lookupsOf, type Surroundings } from './lookups.ts'

interface Row {
  readonly mode: 'default' | 'envVarResolver' | 'lookups'
  readonly in: Readonly<Record<string, string>>
  readonly out?: Readonly<Record<string, string>>
  readonly error?: { readonly message: string }
}

const VARIABLES: Readonly<Record<string, string>> = {
  FOO: 'foov',
  BAR: 'bar',
  EMPTY: '',
  NAME: 'FOO',
  WITH_SPACE: 'a b',
  INDIRECT: '${env:FOO}',
  SELF: '${env:SELF}',
  LOOPA: '${env:LOOPB}',
  LOOPB: '${env:LOOPA}',
  DOLLAR: 'a$b',
  ESC: '$${env:FOO}',
  HASDEF: '${env:NOPE:-dd}',
  UNI: 'ünï',
  SPACES: '  s  ',
  TAB: '\tt',
  NL: 'a\nb',
  PORT: '9',
  x: 'envx'
}
const AROUND: Surroundings = {
  variables: VARIABLES,
  properties: { P: 'pv', 'p.q': 'dotted', which: 'FOO', REF: '${env:FOO}', blank: ' ', empty: '' },
  now: 0,
  formatDate: (pattern, time) => simpleDateFormat(pattern, { zone: timeZone('UTC') })(time)
}
const CONSTANTS = 'org.apache.commons.text.lookup.DefaultStringLookup.'
const LOOKUPS_FILE = [
  ['env', 'ENVIRONMENT'],
  ['base64Decoder', 'BASE64_DECODER'],
  ['base64encoder', 'BASE64_ENCODER'],
  ['urlDecoder', 'URL_DECODER'],
  ['const', 'CONST'],
  ['bad', 'NOPE']
].map(([key = '', value = '']) => ({ key, value: CONSTANTS + value }))

const rows = readFileSync(join(import.meta.dirname, '../../test/fixtures/golden/interpolation.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map(line => JSON.parse(line) as Row)

function resolve(row: Pick<Row, 'in' | 'mode'>) {
  const findings = new Findings()
  const properties = new Map(
    Object.entries(row.in).map(([key, value]) => [key, { key, value, file: 'f', line: 1 }])
  )
  const lookups = row.mode === 'lookups' ? lookupsOf(LOOKUPS_FILE, AROUND).lookups : defaultLookups(AROUND)
  const fallback = row.mode === 'envVarResolver' ? { fallback: (name: string) => VARIABLES[name] } : {}
  const resolved = interpolate(properties, { lookups, ...fallback }, findings)
  const out = Object.fromEntries([...resolved].map(([key, { value }]) => [key, value]))
  return { out, stopped: findings.stopped, findings: findings.sorted([]) }
}

/** Flume walks properties in hash order, so whether one sees another is chance; here it always does. */
function isLottery({ in: given }: Row): boolean {
  const names = Object.keys(given)
  return Object.values(given).some(value =>
    names.some(name => new RegExp(`\\$\\{(?:\\w+:)?${name.replaceAll('.', '\\.')}(?::-|\\})`).test(value))
  )
}

for (const mode of ['default', 'envVarResolver', 'lookups'] as const) {
  test(`interpolates as Flume in mode ${mode}`, () => {
    const wrong = rows
      .filter(row => row.mode === mode && row.error === undefined && !isLottery(row))
      .flatMap(row => {
        const { out } = resolve(row)
        const different = Object.entries(row.out ?? {}).filter(
          ([key, value]) => !value.includes('@') && out[key] !== value
        )
        return different.length === 0 ? [] : [{ in: row.in, out, want: row.out }]
      })

    assert.deepEqual(wrong, [])
  })

  test(`stops where Flume stops in mode ${mode}`, () => {
    for (const row of rows.filter(other => other.mode === mode && other.error !== undefined)) {
      const { stopped, findings } = resolve(row)

      assert.ok(stopped, JSON.stringify(row.in))
      assert.ok(
        findings.some(({ message }) => message.endsWith(` cannot be evaluated: ${row.error?.message}`)),
        JSON.stringify({ row, findings })
      )
    }
  })
}

test('references between properties do not depend on their order', () => {
  const lottery = rows.filter(row => row.error === undefined && isLottery(row))

  for (const row of lottery) {
    const backwards = Object.fromEntries(Object.entries(row.in).toReversed())
    if (Object.values(row.in).every(value => value.startsWith('${') && value.includes(':-'))) continue // a circle of defaults
    assert.deepEqual(resolve({ ...row, in: backwards }).out, resolve(row).out)
  }
  assert.ok(lottery.length > 100)
  assert.equal(
    resolve({ mode: 'default', in: { 'a1.port': '${MYPORT:-7}', MYPORT: '44444' } }).out['a1.port'],
    '44444'
  )
})

test('a circle of properties is one finding each and leaves the text', () => {
  const { out, findings, stopped } = resolve({ mode: 'default', in: { a: '${b}', b: '${a}' } })

  assert.deepEqual(out, { a: '${b}', b: '${a}' })
  assert.deepEqual(
    findings.map(({ code, key }) => [code, key]),
    [
      ['INTERPOLATION_CYCLE', 'a'],
      ['INTERPOLATION_CYCLE', 'b']
    ]
  )
  assert.equal(stopped, false)
})

for (const backwards of [false, true]) {
  test(`in a circle the defaults count, with a finding each${backwards ? ', whatever the order' : ''}`, () => {
    const given = Object.entries({ a: '${b:-1}', b: '${a:-2}', c: '${a}' })
    const { out, findings } = resolve({
      mode: 'default',
      in: Object.fromEntries(backwards ? given.toReversed() : given)
    })

    assert.deepEqual([out['a'], out['b'], out['c']], ['1', '2', '1'])
    assert.deepEqual(findings.map(({ code, key }) => `${code} ${key}`).toSorted(), [
      'INTERPOLATION_CYCLE a',
      'INTERPOLATION_CYCLE b'
    ])
  })
}

test('a default that is not taken makes no circle, and a default of one’s own name is none', () => {
  const { out, findings } = resolve({
    mode: 'default',
    in: {
      x: '1',
      a: '${x:-${b}}',
      b: '${a}',
      port: '${port:-7}',
      c: '${d:-${e}}',
      d: '${x:-${c}}',
      e: '${c}'
    }
  })

  assert.deepEqual([out['b'], out['port'], out['e'], findings], ['1', '7', '1', []])
})

test('a circle is told by its own keys; what only refers to it falls with it', () => {
  const { out, findings } = resolve({
    mode: 'default',
    in: { t: '${a} x', a: '${b}', b: '${c}', c: '${a} ${c}', u: '${t}' }
  })

  assert.deepEqual([out['t'], out['u']], ['${a} x', '${t}'])
  assert.deepEqual(
    findings.map(({ key, message }) => [key, message.split(';')[0]]),
    [
      ['a', 'a refers to itself: a -> b -> c -> a'],
      ['b', 'b refers to itself: b -> c -> a -> b'],
      ['c', 'c refers to itself: c -> a -> b -> c']
    ]
  )
  assert.deepEqual(
    findings[0]?.consequences?.map(({ key }) => key),
    ['t', 'u']
  )
})

test('a name that nothing has is told where it stands, with the properties that take it over', () => {
  const { out, findings } = resolve({ mode: 'default', in: { b: '${a}', c: 'x${b}', a: '${NOPE}' } })

  assert.equal(out['c'], 'x${NOPE}')
  assert.deepEqual(
    findings.map(({ code, key, consequences }) => [code, key, consequences?.map(other => other.key)]),
    [['UNRESOLVED_VARIABLE', 'a', ['b', 'c']]]
  )
})

/** CPU time of interpolating: the machine’s other work does not count. */
function cpuOf(given: Readonly<Record<string, string>>): number {
  const start = process.cpuUsage()
  resolve({ mode: 'default', in: given })
  return process.cpuUsage(start).user
}

const PATHOLOGICAL: readonly [string, (size: number) => Record<string, string>][] = [
  ['a value with many variables', size => ({ x: '1', a: '${x}'.repeat(size) })],
  ['a value with many unknown variables', size => ({ a: '${x} '.repeat(size) })],
  [
    'one big circle',
    size => Object.fromEntries(Array.from({ length: size }, (_, i) => [`k${i}`, `\${k${(i + 1) % size}}`]))
  ],
  [
    'a long chain',
    size => Object.fromEntries(Array.from({ length: size }, (_, i) => [`k${i}`, `\${k${i + 1}}`]))
  ],
  [
    'a mesh with circles',
    size =>
      Object.fromEntries(
        Array.from({ length: size }, (_, i) => [`k${i}`, `\${k${(i + 1) % size}} \${k${(i + 2) % size}}`])
      )
  ]
]
for (const [name, make] of PATHOLOGICAL) {
  test(`${name} is interpolated in linear time`, () => {
    cpuOf(make(100))
    const [small, large] = [cpuOf(make(1000)), cpuOf(make(20_000))]

    assert.ok(large < small * 100 + 1_000_000, `${small} µs for 1,000, ${large} µs for 20,000`)
  })
}

test('a property may take its own name from the environment', () => {
  const { out, findings } = resolve({ mode: 'envVarResolver', in: { PORT: '${PORT:-1}' } })

  assert.deepEqual({ out, findings }, { out: { PORT: '9' }, findings: [] })
})

test('what names nothing stays and is reported, a config filter is left for later', () => {
  const { out, findings } = resolve({ mode: 'default', in: { a: "${env:NOPE} ${f['key']}" } })

  assert.deepEqual(out, { a: "${env:NOPE} ${f['key']}" })
  assert.deepEqual(
    findings.map(({ code }) => code),
    ['UNRESOLVED_VARIABLE']
  )
})

test('values that explode or nest without end are refused, not computed', () => {
  const laughs = Object.fromEntries(
    Array.from({ length: 60 }, (_, i) => [`k${i}`, `\${k${i + 1}}\${k${i + 1}}`])
  )
  const { stopped } = resolve({ mode: 'default', in: { ...laughs, k60: 'ha' } })
  const deep = resolve({ mode: 'default', in: { a: '${'.repeat(5000) + '}'.repeat(5000) } })
  const open = resolve({ mode: 'default', in: { a: '${'.repeat(200_000) } })

  assert.deepEqual([stopped, deep.stopped, open.stopped], [true, true, false])
})

test('dates are formatted and unknown lookups of a lookups file named', () => {
  assert.equal(resolve({ mode: 'default', in: { a: '${date:yyyy-MM-dd}' } }).out['a'], '1970-01-01')
  assert.deepEqual(lookupsOf(LOOKUPS_FILE, AROUND).unknown, ['bad'])
})
