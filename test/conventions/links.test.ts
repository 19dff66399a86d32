import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { filesBelow, HOME, textOf } from './source-tree.ts'

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...filesBelow('docs', ['.md']),
  ...filesBelow('changes', ['.md'])
]

test('every link to a file of the project leads somewhere', () => {
  const dead = pages.flatMap(page =>
    linksOf(page)
      .filter(link => !existsSync(join(HOME, dirname(page), link)))
      .map(link => `${page}: ${link}`)
  )

  assert.deepEqual(dead, [])
})

test('every page of the guide can be reached from the README', () => {
  const reached = new Set(['README.md'])
  for (const page of reached) {
    for (const link of linksOf(page)) {
      const target = join(dirname(page), link)
      if (pages.includes(target)) reached.add(target)
      else if (pages.includes(join(target, 'README.md'))) reached.add(join(target, 'README.md'))
    }
  }

  assert.deepEqual(
    pages.filter(page => page.startsWith('docs/') && !reached.has(page)),
    []
  )
})

function linksOf(page: string): string[] {
  const text = textOf(page).replaceAll(/```[^]*?```|`[^`\n]*`/g, '')
  return [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
    .map(match => match[1] ?? '')
    .filter(link => !/^[a-z]+:/.test(link))
}
