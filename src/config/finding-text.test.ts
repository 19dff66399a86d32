import assert from 'node:assert/strict'
import { test } from 'node:test'
import { concealed, shortened, secretsOf } from './finding-text.ts'

test('values in quotes and long words are cut, the sentence around them stays', () => {
  const long = 'v'.repeat(300)

  assert.equal(
    shortened(`port is "${long} ${long}", which is no number; see ${long}.`),
    `port is "${'v'.repeat(200)}…", which is no number; see ${'v'.repeat(200)}…`
  )
  assert.equal(shortened('port is "x".'), 'port is "x".')
  assert.ok(shortened('word '.repeat(1_000_000)).length < 1100)
})

test('names with dots are hidden where only they are taken from a value', () => {
  const words = secretsOf('hdfs://nn-1.example.org:8020/x')

  assert.equal(
    concealed('hdfs.path leads to http://nn-1.example.org:9870.', words),
    'hdfs.path leads to http://***:9870.'
  )
})

test('all of a value, its words and its pieces are hidden, but no part of another word', () => {
  const words = secretsOf('web://joe:sesame@host 1')

  assert.equal(
    concealed('It is "web://joe:sesame@host 1", or "1", as in sesame; a1.sources.r1 stays, and 11.', words),
    'It is "***", or "***", as in ***; a1.sources.r1 stays, and 11.'
  )
  assert.equal(concealed(`It is ${'x'.repeat(500)}.`, secretsOf('x'.repeat(500))), 'It is ***.')
})
