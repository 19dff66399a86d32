import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileNames, inUseNameReader, join, splitTemplate } from './file-names.ts'

const PLAIN = { inUsePrefix: '', inUseSuffix: '.tmp', suffix: '' }

test('prefixes and suffixes stand where Flume puts them', () => {
  const parts = { inUsePrefix: '_', inUseSuffix: '.open', suffix: '.gz' }

  assert.deepEqual(fileNames('/a', 'web', 17, parts), { inUse: '/a/_web.17.gz.open', final: '/a/web.17.gz' })
})

test('an in-use name gives back its prefix and number', () => {
  const read = inUseNameReader('FlumeData', PLAIN)

  const names = [
    'FlumeData.17.tmp',
    'FlumeData.17',
    'Other.17.tmp',
    'FlumeData.x.tmp',
    'xFlumeData.17.tmp',
    'FlumeDatax17.tmp'
  ]

  assert.deepEqual(
    names.map(name => read?.(name)),
    [{ prefix: 'FlumeData', counter: 17 }, undefined, undefined, undefined, undefined, undefined]
  )
})

test('escapes of the prefix match whatever they became', () => {
  const read = inUseNameReader('%{host}-%H.%[localhost]', {
    inUsePrefix: '.',
    inUseSuffix: '',
    suffix: '.bz2'
  })

  assert.deepEqual(read?.('.web-1-07.box.5.bz2'), { prefix: 'web-1-07.box', counter: 5 })
})

test('nothing tells open files from complete ones without in-use prefix and suffix', () => {
  assert.equal(inUseNameReader('a', { inUsePrefix: '', inUseSuffix: '', suffix: '.gz' }), undefined)
})

test('a template is cut behind the last folder without escapes', () => {
  const templates = [
    '/user/flume',
    '/logs/%Y/%m',
    'hdfs://nn:8020/x/a-%{b}',
    '%Y/x',
    '/100%-sure/x',
    '/a/%[IP]'
  ]

  assert.deepEqual(templates.map(splitTemplate), [
    { constant: '/user/flume', rest: '' },
    { constant: '/logs/', rest: '%Y/%m' },
    { constant: 'hdfs://nn:8020/x/', rest: 'a-%{b}' },
    { constant: '', rest: '%Y/x' },
    { constant: '/100%-sure/x', rest: '' },
    { constant: '/a/', rest: '%[IP]' }
  ])
})

test('one slash stands between folder and name', () => {
  assert.deepEqual(
    [join('/', 'a'), join('/a', 'b'), join('/a/', 'b'), join('/a', '')],
    ['/a', '/a/b', '/a/b', '/a']
  )
})
