import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { expandGlob, nameMatcher } from './glob.ts'
import { LocalFileSystem } from './local.ts'

test('wildcards mean what they mean to Hadoop', () => {
  const matches = (pattern: string, names: readonly string[]) =>
    names.filter(name => nameMatcher(pattern)?.test(name))

  assert.deepEqual(matches('*.gz', ['a.gz', '.gz', 'agz', 'a.gz.tmp']), ['a.gz', '.gz'])
  assert.deepEqual(matches('a?c', ['abc', 'ac', 'a✓c', 'abbc']), ['abc', 'a✓c'])
  assert.deepEqual(matches('[a-c][^x]', ['ay', 'bx', 'dy']), ['ay'])
  assert.deepEqual(matches('[-a]', ['-', 'a', 'b']), ['-', 'a'])
  assert.deepEqual(matches('{one,t*}.x', ['one.x', 'two.x', 'x']), ['one.x', 'two.x'])
  assert.deepEqual(matches('\\*', ['*', 'a']), ['*'])
  assert.deepEqual(matches('a[', ['a[', 'a']), ['a['])
  assert.equal(nameMatcher('plain.(1)'), undefined)
})

test('every pattern is accepted, and an escaped name matches just itself', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...'ab*?[]{},\\-^!ü$(|.') }),
      fc.string(),
      (pattern, name) => {
        nameMatcher(pattern)?.test(name)
        const escaped = nameMatcher(name.replace(/[^]/gu, '\\$&'))
        assert.equal(escaped?.test(name) ?? true, true)
        assert.equal(escaped?.test(`${name}x`) ?? false, false)
      }
    )
  )
})

test('wildcards work in every part of a path; a name that exists is taken as it is', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-glob-'))
  t.after(() => rm(folder, { recursive: true }))
  const fileSystem = new LocalFileSystem(folder)
  for (const path of ['/2024/01/a.gz', '/2024/02/b.gz', '/2024/02/b.tmp', '/2025/01/c.gz', '/x[1]', '/x1']) {
    await (await fileSystem.create(path)).close()
  }
  const found = async (pattern: string) => (await expandGlob(fileSystem, pattern)).map(({ path }) => path)

  assert.deepEqual(await found('/2024/*/*.gz'), ['/2024/01/a.gz', '/2024/02/b.gz'])
  assert.deepEqual(await found('/{2025,2024}/01/?.gz'), ['/2024/01/a.gz', '/2025/01/c.gz'])
  assert.deepEqual(await found('/2024/0[2-3]'), ['/2024/02'])
  assert.deepEqual([await found('/x[1]'), await found('/none'), await found('/none/*')], [['/x[1]'], [], []])
})
