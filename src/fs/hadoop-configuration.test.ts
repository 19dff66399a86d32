import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import type { Environment } from '../core/contracts.ts'
import { AgentError } from '../core/errors.ts'
import { loadHadoopConfiguration, type HadoopConfiguration } from './hadoop-configuration.ts'
import { parseSiteFile } from './hadoop-xml.ts'

async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-conf-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}

function environment(
  configDirectory: string | undefined,
  variables: Record<string, string> = {}
): Environment {
  return { configDirectory, variables, properties: { 'my.flag': 'given' } }
}

async function load(
  t: TestContext,
  files: Readonly<Record<string, string>>,
  variables?: Record<string, string>
): Promise<HadoopConfiguration> {
  const folder = await temporaryFolder(t)
  for (const [name, properties] of Object.entries(files))
    await writeFile(join(folder, name), `<configuration>${properties}</configuration>`)
  return await loadHadoopConfiguration(environment(folder, variables))
}

const property = (name: string, value: string, more = '') =>
  `<property><name>${name}</name><value>${value}</value>${more}</property>`

test("without site files everything has Hadoop's own defaults", async t => {
  const configuration = await loadHadoopConfiguration(environment(await temporaryFolder(t)))

  assert.deepEqual(
    [configuration.defaultFileSystem, configuration.get('x'), configuration.directory],
    ['file:///', undefined, undefined]
  )
})

test('hdfs-site.xml stands over core-site.xml, but not over what is final', async t => {
  const configuration = await load(t, {
    'core-site.xml':
      property('a', 'core') +
      property('b', 'core', '<final>true</final>') +
      property('fs.default.name', ' webhdfs://old ') +
      property('n', '128m'),
    'hdfs-site.xml':
      property('a', 'hdfs') +
      property('b', 'hdfs') +
      '<property name="c" value="attributes"/>' +
      property('l', ' x, ,y ')
  })

  assert.deepEqual(
    ['a', 'b', 'c'].map(name => configuration.get(name)),
    ['hdfs', 'core', 'attributes']
  )
  assert.equal(configuration.defaultFileSystem, 'webhdfs://old')
  assert.equal(configuration.integer('n'), 134_217_728)
  assert.deepEqual(configuration.list('l'), ['x', 'y'])
})

test('variables come from the command line, the environment and other properties', async t => {
  const configuration = await load(
    t,
    {
      'core-site.xml':
        property('a', '${b}/${env.HOST}/${env.NONE-d}/${env.EMPTY:-e}/${env.NONE}') +
        property('b', '[${my.flag}]') +
        property('unknown', '${no.such.thing}') +
        property('dollar', '$5 {x}')
    },
    { HOST: 'web-1', EMPTY: '' }
  )

  assert.deepEqual(
    ['a', 'unknown', 'dollar'].map(name => configuration.get(name)),
    ['[given]/web-1/d/e/${env.NONE}', '${no.such.thing}', '$5 {x}']
  )
})

test('a value that needs itself is an error with file and line, not a loop', async t => {
  const configuration = await load(t, {
    'core-site.xml': `\n${property('a', '${b}${b}')}${property('b', '${a}${a}')}`
  })

  assert.throws(
    () => configuration.get('a'),
    (error: AgentError) => {
      assert.deepEqual([error.code, error.facts['name'], error.facts['line']], ['ERR_CONFIG', 'a', 2])
      return true
    }
  )
})

test('a number that is none is an error with its place', async t => {
  const configuration = await load(t, { 'core-site.xml': property('dfs.replication', 'three') })

  assert.throws(() => configuration.integer('dfs.replication'), { code: 'ERR_CONFIG' })
})

test('the first folder with a core-site.xml counts, and the others are mentioned', async t => {
  const [conf, hadoop, home] = [await temporaryFolder(t), await temporaryFolder(t), await temporaryFolder(t)]
  await mkdir(join(home, 'etc', 'hadoop'), { recursive: true })
  await writeFile(
    join(hadoop, 'core-site.xml'),
    `<configuration>${property('a', 'variable')}</configuration>`
  )
  await writeFile(
    join(home, 'etc', 'hadoop', 'core-site.xml'),
    `<configuration>${property('a', 'home')}</configuration>`
  )

  const both = await loadHadoopConfiguration(
    environment(conf, { HADOOP_CONF_DIR: hadoop, HADOOP_HOME: home })
  )
  const one = await loadHadoopConfiguration(environment(conf, { HADOOP_HOME: home }))

  assert.deepEqual([both.get('a'), both.directory, one.get('a')], ['variable', hadoop, 'home'])
  assert.match(both.warnings.join(), /is not\.$/)
})

test('bad XML is an error with file and line', async t => {
  const folder = await temporaryFolder(t)
  await writeFile(join(folder, 'core-site.xml'), '<configuration>\n<property>\n</configuration>')

  await assert.rejects(loadHadoopConfiguration(environment(folder)), (error: AgentError) => {
    assert.deepEqual(
      [error.code, error.facts['file'], error.facts['line']],
      ['ERR_CONFIG', join(folder, 'core-site.xml'), 3]
    )
    return true
  })
})

test('a site file that is no text file, or too large, is an error', async t => {
  const [folder, other] = [await temporaryFolder(t), await temporaryFolder(t)]
  await mkdir(join(folder, 'core-site.xml'))
  await writeFile(join(other, 'core-site.xml'), Buffer.alloc(5 * 1024 * 1024, ' '))

  await assert.rejects(loadHadoopConfiguration(environment(folder)), { code: 'ERR_CONFIG' })
  await assert.rejects(loadHadoopConfiguration(environment(other)), {
    code: 'ERR_CONFIG',
    message: 'The Hadoop site file is too large.'
  })
})

test('includes and properties without name are warned about with their line', () => {
  const { properties, warnings } = parseSiteFile(
    '<configuration xmlns:xi="http://www.w3.org/2001/XInclude">\n<xi:include href="more.xml"/>\n<property><value>1</value></property>\n' +
      '<property><name>a</name><value><![CDATA[<b>]]>&amp;</value></property></configuration>',
    'core-site.xml'
  )

  assert.deepEqual(
    warnings.map(warning => warning.slice(0, 16)),
    ['core-site.xml:2:', 'core-site.xml:3:']
  )
  assert.deepEqual(properties, [{ name: 'a', value: '<b>&', final: false, line: 4 }])
})

test('another root element is an error', () => {
  assert.throws(() => parseSiteFile('<html/>', 'x.xml'), { code: 'ERR_CONFIG' })
})

test('no text makes the parser hang or throw anything but an error of ours', () => {
  const pieces = fc.constantFrom(
    '<configuration>',
    '</configuration>',
    '<property>',
    '</property>',
    '<name>',
    '</name>',
    '<value>',
    '</value>',
    '<final>true</final>',
    '<!--',
    '-->',
    '<![CDATA[',
    ']]>',
    '&amp;',
    '&x;',
    '<?pi ?>',
    '<!DOCTYPE a [<!ENTITY x "y">]>',
    'text',
    '<',
    '"',
    '\u0000'
  )
  fc.assert(
    fc.property(fc.array(fc.oneof(pieces, fc.string()), { maxLength: 12 }), parts => {
      try {
        parseSiteFile(parts.join(''), 'x.xml')
      } catch (error) {
        assert.ok(error instanceof AgentError, String(error))
      }
    })
  )
})

test('what is written as names and values is read back', () => {
  const escape = (text: string) => text.replace(/[&<>\r]/g, character => `&#${character.charCodeAt(0)};`)
  const text = fc
    .string({ unit: fc.constantFrom(...'aZ09.-_ /$%{}&<>"\'äöü✓') })
    .filter(value => value.trim() !== '')
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text, fc.boolean())), entries => {
      const xml = entries
        .map(([name, value, final]) => property(escape(name), escape(value), `<final>${final}</final>`))
        .join('\n')

      const { properties } = parseSiteFile(
        `<?xml version="1.0"?><configuration>${xml}</configuration>`,
        'x.xml'
      )

      assert.deepEqual(
        properties.map(({ name, value, final }) => [name, value, final]),
        entries.map(([name, value, final]) => [name.trim(), value, final])
      )
    })
  )
})

test('a value full of variables is read in linear time, whether they are known or not', async t => {
  const known = await load(t, { 'core-site.xml': property('b', 'x') + property('a', '${b}'.repeat(500_000)) })
  const unknown = await load(t, { 'core-site.xml': property('a', `${'${n}'.repeat(500_000)}\${my.flag}`) })
  const start = process.cpuUsage()

  assert.throws(() => known.get('a'), AgentError)
  assert.equal(unknown.get('a')?.length, 2_000_005)
  assert.ok(process.cpuUsage(start).user < 5_000_000)
})

test('an unknown variable that gets its name from a known one is looked up then', async t => {
  const configuration = await load(t, {
    'core-site.xml':
      property('a', '${no} ${x${my.flag}} ${${b}}') + property('xgiven', 'yes') + property('b', 'xgiven')
  })

  assert.equal(configuration.get('a'), '${no} yes yes')
})
