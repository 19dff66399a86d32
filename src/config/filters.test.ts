import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { splitByAgent } from './agent-text.ts'
import { applyConfigFilters } from './filters.ts'
import { Findings } from './findings.ts'
import { mergeSources } from './merge.ts'

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'filters-'))
})
after(() => rm(folder, { recursive: true }))

async function filtered(text: string, variables: Record<string, string> = {}, configDirectory?: string) {
  const findings = new Findings()
  const agent = splitByAgent(mergeSources([{ file: 'f', text }], findings)).agents.get('a')
  assert.ok(agent)
  await applyConfigFilters(agent, { variables, configDirectory, findings })
  return {
    value: agent.components.sources.get('r')?.properties.get('x')?.value,
    findings: findings.sorted([])
  }
}

async function program(body: string): Promise<string> {
  const path = join(folder, `p${body.length}.sh`)
  await writeFile(path, `#!/bin/sh\n${body}\n`)
  await chmod(path, 0o755)
  return path
}

const ENV = 'a.configfilters = f\na.configfilters.f.type = ENV\n'

for (const reference of ["${f['key_1']}", '${f["key_1"]}', '${f[key_1]}']) {
  test(`the env filter replaces ${reference}`, async () => {
    assert.deepEqual(await filtered(`${ENV}a.sources.r.x = <${reference}>`, { key_1: 'v' }), {
      value: '<v>',
      findings: []
    })
  })
}

for (const reference of ["${f['k.x']}", '${f[\'k"]}', "${g['k']}", '${f[]}']) {
  test(`${reference} is no reference of the filter f`, async () => {
    assert.equal(
      (await filtered(`${ENV}a.sources.r.x = ${reference}`, { k: 'v', 'k.x': 'v' })).value,
      reference
    )
  })
}

test('what a filter does not know stays and is a finding', async () => {
  const { value, findings } = await filtered(`${ENV}a.sources.r.x = \${f['nope']}`)

  assert.equal(value, "${f['nope']}")
  assert.deepEqual(
    findings.map(({ code, key }) => [code, key]),
    [['FILTER_FAILED', 'a.sources.r.x']]
  )
})

test('a later filter sees what an earlier one put in', async () => {
  const text =
    'a.configfilters = f g\na.configfilters.f.type = env\na.configfilters.g.type = env\na.sources.r.x = ${f[one]}'

  assert.equal((await filtered(text, { one: '${g[two]}', two: 'end' })).value, 'end')
})

test('the external filter takes the first line, also of output that is larger than a pipe', async () => {
  const path = await program('echo "got $2"; head -c 300000 /dev/zero | tr "\\0" x')
  const external = `a.configfilters = f\na.configfilters.f.type = external\na.configfilters.f.command = ${path} first\n`

  assert.deepEqual(await filtered(`${external}a.sources.r.x = \${f['key']}`), {
    value: 'got key',
    findings: []
  })
})

test('a command is over when it ends, whatever it leaves running', async () => {
  const gate = join(folder, 'gate')
  assert.equal(spawnSync('mkfifo', [gate]).status, 0)
  const large = 'head -c 300000 /dev/zero | tr "\\0" x'
  const path = await program(`read word <${gate} &\necho "value of $1"; ${large}; ${large} >&2`)
  const text = `a.configfilters = f\na.configfilters.f.type = external\na.configfilters.f.command = ${path}\n`

  const { value, findings } = await filtered(`${text}a.sources.r.x = \${f['key']}`)
  // It is still there, and holds what the command wrote to.
  await writeFile(gate, 'go\n')

  assert.deepEqual([value, findings], ['value of key', []])
})

test('endless output, a failing and a missing command are findings', async () => {
  const endless = await program(
    'while :; do echo yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy; done'
  )
  const failing = await program('echo no such secret >&2; exit 3')
  const text = (command: string): string =>
    `a.configfilters = f\na.configfilters.f.type = external\na.configfilters.f.command = ${command}\na.sources.r.x = \${f['k']}`

  const found = await Promise.all(
    [endless, failing, join(folder, 'missing')].map(command => filtered(text(command)))
  )

  assert.deepEqual(
    found.map(({ value }) => value),
    Array(3).fill("${f['k']}")
  )
  assert.match(found[0]?.findings[0]?.message ?? '', /more than 1048576 bytes/)
  assert.match(found[1]?.findings[0]?.message ?? '', /code 3: no such secret/)
  assert.match(found[2]?.findings[0]?.message ?? '', /ENOENT/)
})

for (const [type, hint] of [
  ['hadoop', /credential\.provider\.path = jceks/],
  ['evn', /env/],
  ['com.example.Filter', /Java classes/]
] as const) {
  test(`a filter of type ${type} is an error that says what to write`, async () => {
    const { findings } = await filtered(
      `a.configfilters = f\na.configfilters.f.type = ${type}\na.sources.r.x = 1`
    )

    assert.match(findings[0]?.message ?? '', /^Error while creating config filter f: /)
    assert.match(findings[0]?.hint ?? '', hint)
  })
}

test('a command asked for the same key twice runs once', async () => {
  const path = await program(`echo x >> ${join(folder, 'calls')}; wc -l < ${join(folder, 'calls')}`)
  const text = `a.configfilters = f\na.configfilters.f.type = external\na.configfilters.f.command = ${path}\na.sources.r.x = \${f[k]}\${f[k]}`

  assert.match((await filtered(text)).value ?? '', /^\s*1\s*1$/)
})

test('what a filter gave is not shown in a finding about its key', async () => {
  const findings = new Findings()
  const agent = splitByAgent(
    mergeSources([{ file: 'f', text: `${ENV}a.sources.r.x = port \${f['k']}/tail` }], findings)
  ).agents.get('a')
  assert.ok(agent)
  await applyConfigFilters(agent, { variables: { k: 'hunter2' }, configDirectory: undefined, findings })
  const at = { file: 'f', line: 3 }
  findings.add('BAD_NUMBER', {
    at,
    key: 'a.sources.r.x',
    message: 'x is "port hunter2/tail".',
    hint: 'Write hunter2.'
  })

  assert.deepEqual(
    findings.sorted([]).map(({ message, hint }) => [message, hint]),
    [['x is "***".', 'Write ***.']]
  )
})

const STORES = fileURLToPath(new URL('../../test/fixtures/security/', import.meta.url))
const hadoop = (store: string, more = ''): string =>
  `a.configfilters = f\na.configfilters.f.type = org.apache.flume.configfilter.HadoopCredentialStoreConfigFilter\n` +
  `a.configfilters.f.credential.provider.path = jceks://file${STORES}${store}.jceks\n${more}a.sources.r.x = \${f['dirname_hadoop']}`

test('the hadoop filter takes passwords from a credential store, whose own password stands where Hadoop looks', async () => {
  await writeFile(join(folder, 'store.password'), ' envSecret\n')
  const file = 'a.configfilters.f.credstore.java-keystore-provider.password-file = store.password\n'
  const variables = { HADOOP_CREDSTORE_PASSWORD: 'envSecret' }

  const found = await Promise.all([
    filtered(hadoop('credstore-default-password')),
    filtered(hadoop('credstore-envSecret'), variables),
    filtered(hadoop('credstore-envSecret', file), {}, folder)
  ])

  assert.deepEqual(found, Array(3).fill({ value: '/some/dir', findings: [] }))
})

test('a credential store that cannot be opened, or lacks the alias, is a finding', async () => {
  const [closed, missing, elsewhere] = await Promise.all([
    filtered(hadoop('credstore-envSecret')),
    filtered(hadoop('nowhere')),
    filtered(hadoop('credstore-default-password').replace('jceks://file', 'jceks://hdfs@nn:9000'))
  ])
  const { value, findings } = await filtered(
    hadoop('credstore-default-password').replace('dirname_hadoop', 'nope')
  )

  for (const [found, message] of [
    [closed, /^Error while creating config filter f: .*credstore-envSecret\.jceks: .*password/],
    [missing, /nowhere\.jceks: There is no such file/],
    [elsewhere, /jceks:\/\/hdfs@nn:9000.* is no store in a file of this machine/]
  ] as const) {
    assert.match(found?.findings[0]?.message ?? '', message)
    assert.match(found?.findings[0]?.hint ?? '', /HADOOP_CREDSTORE_PASSWORD/)
  }
  assert.equal(value, "${f['nope']}")
  assert.match(findings[0]?.message ?? '', /Matched key nope .* was not found/)
})
