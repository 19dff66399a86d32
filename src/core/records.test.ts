// Declarations that the reference pages of Flume ask for, each as its component will have it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineInner, defineInterceptor, defineSelector, defineSource, type Resolution } from './component.ts'
import { inner } from './inner.ts'
import { innerTypes, readSettings, resolveInner, type Resolved } from './read-settings.ts'
import { records } from './records.ts'
import { flag, list, optional, prefixed, text } from './schema.ts'

const described = { stability: 'stable', summary: 'For tests.' } as const
const unused = (): never => {
  throw new Error('Nothing is made here.')
}
const none: Resolved = () => undefined

const taildir = defineSource({
  ...described,
  type: 'taildir',
  settings: {
    fileGroups: list('filegroups', { doc: 'Names of groups.' }),
    groups: records({
      name: 'GROUP',
      namedBy: ['filegroups'],
      each: {
        path: text('filegroups.GROUP', { doc: 'Folder and pattern.' }),
        headers: prefixed('headers.GROUP.', { doc: 'Headers of its events.' })
      }
    }),
    skipToEnd: flag('skipToEnd', { doc: 'Begins at the end.', default: false })
  },
  create: unused
})

const millis = defineInner('headerserializer', {
  ...described,
  type: 'millis',
  settings: { pattern: text('pattern', { doc: 'Of the date.' }) },
  create: ({ pattern }) => ({ serialize: given => `${pattern}:${given}` })
})
const plain = defineInner('headerserializer', {
  ...described,
  type: 'default',
  settings: {},
  create: () => ({ serialize: given => given })
})
const regexExtractor = defineInterceptor({
  ...described,
  type: 'regex_extractor',
  settings: {
    regex: text('regex', { doc: 'With groups.' }),
    names: list('serializers', { doc: 'One for each group.' }),
    serializers: records({
      name: 'NAME',
      namedBy: ['serializers'],
      each: {
        header: text('serializers.NAME.name', { doc: 'The header.' }),
        serializer: inner('headerserializer', 'serializers.NAME.type', {
          doc: 'What makes the value.',
          default: 'DEFAULT',
          below: 'serializers.NAME.'
        })
      }
    })
  },
  create: unused
})

const multiplexing = defineSelector({
  ...described,
  type: 'multiplexing',
  settings: {
    header: text('header', { doc: 'Its value decides.', default: 'flume.selector.header' }),
    otherwise: list('default', { doc: 'For all others.', default: [] }),
    values: records({
      name: 'VALUE',
      each: {
        required: optional(list('mapping.VALUE', { doc: 'Channels for this value.' })),
        optional: list('optional.VALUE', { doc: 'Optional channels for it.', default: [] })
      }
    })
  },
  create: unused
})

async function serializers(_kind: string, type: string): Promise<Resolution> {
  const definition = [millis, plain].find(one => one.type === type.toLowerCase())
  return definition === undefined
    ? { status: 'third-party', type, instead: undefined }
    : { status: 'found', definition }
}

test('taildir: groups in the order of their list, each with a path and headers, defaults filled in', () => {
  const { values, problems } = readSettings(
    taildir,
    {
      'filegroups.a': '/logs/a.*',
      'headers.b.team.name': 'ops',
      'headers.b.kind': 'x',
      filegroups: 'b a',
      'filegroups.b': '/logs/b'
    },
    none
  )

  assert.deepEqual(problems, [])
  assert.deepEqual(
    [...(values?.groups ?? [])],
    [
      ['b', { path: '/logs/b', headers: { 'team.name': 'ops', kind: 'x' } }],
      ['a', { path: '/logs/a.*', headers: {} }]
    ]
  )
})

test('taildir: what is missing, unlisted or misspelt is told with its whole key and what was meant', () => {
  const { values, problems } = readSettings(
    taildir,
    {
      filegroups: 'access errors',
      'filegroups.acces': '/a',
      'filegroups.errors': '/e',
      'headers.other.k': 'v',
      'headers.errors': 'v',
      'fileGroups.errors': '/e',
      'filegroup.errors': '/e'
    },
    none
  )

  assert.equal(values, undefined)
  assert.deepEqual(
    problems.map(({ level, code, key, hint }) => [level, code, key, hint]),
    [
      [
        'error',
        'MISSING_REQUIRED',
        'filegroups.access',
        'Add filegroups.access = VALUE. Folder and pattern.'
      ],
      ['warning', 'DEFINED_NOT_LISTED', 'filegroups.acces', 'Did you mean filegroups.access?'],
      ['warning', 'DEFINED_NOT_LISTED', 'headers.other.k', 'Add other to filegroups, or remove the line.'],
      ['warning', 'UNK_PROP', 'headers.errors', 'Remove the line, or see the manual page for what there is.'],
      ['warning', 'PROP_CASE', 'fileGroups.errors', 'Did you mean filegroups.errors?'],
      ['warning', 'UNK_PROP', 'filegroup.errors', 'Did you mean filegroups.errors?']
    ]
  )
})

test('regex_extractor: each record has a component of its own, with settings beside the record’s', async () => {
  const given = {
    regex: '(a)(b)',
    serializers: 's1 s2',
    'serializers.s1.type': 'Millis',
    'serializers.s1.name': 'when',
    'serializers.s1.pattern': 'yyyy',
    'serializers.s2.name': 'what'
  }
  const resolved = await resolveInner(regexExtractor.settings, given, serializers)

  const { values, problems } = readSettings(regexExtractor, given, resolved)

  assert.deepEqual(problems, [])
  assert.deepEqual(
    [...(values?.serializers ?? [])].map(([name, { header, serializer }]) => [
      name,
      header,
      serializer.type,
      serializer.create({} as never).serialize('1')
    ]),
    [
      ['s1', 'when', 'millis', 'yyyy:1'],
      ['s2', 'what', 'default', '1']
    ]
  )
})

test('regex_extractor: problems of a component inside a record have the key as it is written', async () => {
  const given = {
    regex: '(a)(b)',
    serializers: 's1 s2 s3',
    'serializers.s1.type': 'millis',
    'serializers.s1.name': 'when',
    'serializers.s1.patern': 'yyyy',
    'serializers.s2.nam': 'what',
    'serializers.s3.name': 'own',
    'serializers.s3.type': 'com.example.Own'
  }
  const resolved = await resolveInner(regexExtractor.settings, given, serializers)

  const { values, outer, problems } = readSettings(regexExtractor, given, resolved)

  assert.deepEqual([values, outer], [undefined, undefined])
  assert.deepEqual(
    problems.map(({ level, code, key, hint }) => [level, code, key, hint]),
    [
      [
        'error',
        'MISSING_REQUIRED',
        'serializers.s1.pattern',
        'Add serializers.s1.pattern = VALUE. Of the date.'
      ],
      ['warning', 'UNK_PROP', 'serializers.s1.patern', 'Did you mean serializers.s1.pattern?'],
      ['error', 'MISSING_REQUIRED', 'serializers.s2.name', 'Add serializers.s2.name = VALUE. The header.'],
      ['warning', 'UNK_PROP', 'serializers.s2.nam', 'Did you mean serializers.s2.name?'],
      [
        'error',
        'CUSTOM_CLASS',
        'serializers.s3.type',
        'Name one that the manual page lists; Java classes cannot be loaded.'
      ]
    ]
  )
})

test('multiplexing: records are named by what is written, dots and all', () => {
  const { values, problems } = readSettings(
    multiplexing,
    { 'mapping.a.b': 'c1 c2', 'optional.a.b': 'c3', 'optional.x': 'c1', default: 'c2', maping: 'c' },
    none
  )

  assert.deepEqual(
    [...(values?.values ?? [])],
    [
      ['a.b', { required: ['c1', 'c2'], optional: ['c3'] }],
      ['x', { required: undefined, optional: ['c1'] }]
    ]
  )
  assert.deepEqual(
    problems.map(({ code, key }) => [code, key]),
    [['UNK_PROP', 'maping']]
  )
})

test('a record is named once, however often its list has it, and by several lists', () => {
  const several = {
    settings: {
      active: optional(text('active', { doc: 'One.' })),
      keys: list('keys', { doc: 'Names.', default: ['k0'] }),
      each: records({
        name: 'KEY',
        namedBy: ['keys', 'active'],
        each: { file: text('keys.KEY.file', { doc: 'A file.', default: '-', aliases: ['files.KEY'] }) }
      })
    }
  }
  const names = (given: Record<string, string>) => [
    ...(readSettings(several, given, none).values?.each ?? [])
  ]

  assert.deepEqual(names({ keys: 'a a b', active: 'c', 'files.c': 'x' }), [
    ['a', { file: '-' }],
    ['b', { file: '-' }],
    ['c', { file: 'x' }]
  ])
  assert.deepEqual(names({ active: 'c' }), [
    ['k0', { file: '-' }],
    ['c', { file: '-' }]
  ])
})

test('two thousand records are read as two are', () => {
  const names = Array.from({ length: 2000 }, (_, i) => `group-${i}`)
  const given = Object.fromEntries([
    ['filegroups', names.join(' ')],
    ...names.flatMap(name => [
      [`filegroups.${name}`, '/x'],
      [`headers.${name}.k`, 'v']
    ])
  ]) as Record<string, string>

  const { values, problems } = readSettings(taildir, given, none)

  assert.deepEqual([values?.groups.size, problems.length], [2000, 0])
  assert.deepEqual(values?.groups.get('group-1999'), { path: '/x', headers: { k: 'v' } })
})

test('a declaration whose keys lack the name, or have it twice, or at the end of a prefix, is refused', () => {
  const wrong = [
    text('groups.X', { doc: '.' }),
    text('GROUP.GROUP', { doc: '.' }),
    prefixed('headers.GROUP', { doc: '.' })
  ]

  for (const one of wrong)
    assert.throws(() => records({ name: 'GROUP', each: { one } }), /must hold GROUP once/)
})

test('what has to be looked up is what is written in the records, too', () => {
  const wanted = innerTypes(regexExtractor.settings, {
    serializers: 's1 s2',
    'serializers.s1.type': 'millis',
    'serializers.s1.pattern': 'p',
    'serializers.s9.type': 'nobody'
  })

  assert.deepEqual(
    wanted.map(({ kind, type, properties }) => [kind, type, properties]),
    [
      ['headerserializer', 'millis', { pattern: 'p' }],
      ['headerserializer', 'DEFAULT', {}]
    ]
  )
})
