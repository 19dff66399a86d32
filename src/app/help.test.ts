import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { componentKinds, componentPages } from './component-pages.ts'
import { dryRunText } from './dry-run.ts'
import { HELP_PAGES, USAGE } from './help-pages.ts'
import { helpText } from './help.ts'
import { revision, versionText } from './version.ts'

test('help without a topic is the usage, which names every page', async () => {
  assert.equal(await helpText([]), USAGE)
  for (const topic of ['agent', 'configuration', 'validate', 'fs']) assert.ok(USAGE.includes(topic), topic)
})

for (const topic of Object.keys(HELP_PAGES)) {
  test(`help ${topic} is a page of at most 110 columns`, async () => {
    const text = await helpText([topic])

    assert.ok(text.length > 100)
    assert.deepEqual(
      text.split('\n').filter(line => line.length > 110),
      []
    )
  })
}

test('help on a kind lists its components, help on one shows its settings and its example', async () => {
  assert.match(await helpText(['sources']), /^Sources\n\n(?: {2}.*\n)* {2}netcat +\S/)
  for (const words of [
    ['sources', 'netcat'],
    ['source', 'NetCat'],
    ['sources', 'org.apache.flume.source.NetcatSource']
  ]) {
    assert.match(await helpText(words), /^Source netcat\n[\s\S]*\bmax-line-length\b[\s\S]*\nExample\n/)
  }
})

test('every component has a page', async () => {
  for (const kind of componentKinds()) {
    for (const { definition, example } of await componentPages(kind)) {
      assert.ok(example !== undefined, `${kind} ${definition.type} has no example`)
      assert.match(await helpText([kind, definition.type]), /\n/)
    }
  }
})

test('a topic that does not exist is answered with the nearest', async () => {
  await assert.rejects(
    helpText(['surces']),
    /There is no help on "surces"\. Did you mean sources\? There is: agent,/
  )
  await assert.rejects(helpText(['sinks', 'hdsf']), /Did you mean hdfs\?/)
})

test('the version begins with name and number', () => {
  assert.match(
    versionText(),
    /^Millrace \d+\.\d+\.\d+ \(for configurations of Flume 1\.11\.0\)\nSource code repository: .*\nRevision: .*\nRuns on Node \d/
  )
})

test('the revision is that of a branch, a packed branch or a detached head; elsewhere there is none', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-git-'))
  try {
    assert.equal(revision(folder), undefined)
    writeFileSync(join(folder, 'HEAD'), 'abc\n')
    assert.equal(revision(folder), 'abc')
    writeFileSync(join(folder, 'HEAD'), 'ref: refs/heads/main\n')
    writeFileSync(join(folder, 'packed-refs'), '# pack-refs\ndef refs/heads/main\n')
    assert.equal(revision(folder), 'def')
    mkdirSync(join(folder, 'refs', 'heads'), { recursive: true })
    writeFileSync(join(folder, 'refs', 'heads', 'main'), 'fed\n')
    assert.equal(revision(folder), 'fed')
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a dry run is quoted for a shell and shows no secret', () => {
  const words = ['agent', '-f', "it's", '-DkeyStorePassword=x', '-Dapi.token=y', '-pwd', 'z', '-Dplain=1']

  assert.equal(
    dryRunText(['/a b/node'], words),
    "'/a b/node' agent -f 'it'\\''s' '-DkeyStorePassword=***' '-Dapi.token=***' -pwd '***' -Dplain=1"
  )
})
