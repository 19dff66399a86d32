import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nearest } from './nearest.ts'

test('names what was meant, whatever kind of slip it was', () => {
  const words = ['bnid', 'kye', 'netcta', 'prot', 'BIND', 'fil_roll', 'memoryy']

  assert.deepEqual(
    words.map(word => nearest(word, ['bind', 'key', 'netcat', 'port', 'file_roll', 'memory'])),
    ['bind', 'key', 'netcat', 'port', 'bind', 'file_roll', 'memory']
  )
})

test('names nothing when nothing is alike', () => {
  assert.deepEqual(
    ['xyz', 'capacity', 'k'].map(word => nearest(word, ['bind', 'port'])),
    [undefined, undefined, undefined]
  )
})
