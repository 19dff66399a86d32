import assert from 'node:assert/strict'
import { test } from 'node:test'
import { splitLauncherOptions } from './launcher-options.ts'

for (const { name, words, expected } of [
  {
    name: 'the folder of --conf',
    words: ['--conf', 'c d', '-n', 'a'],
    expected: { conf: 'c d', words: ['-n', 'a'] }
  },
  { name: 'the folder of -c', words: ['-n', 'a', '-c', 'c'], expected: { conf: 'c', words: ['-n', 'a'] } },
  { name: 'the folder of --conf=', words: ['--conf=c'], expected: { conf: 'c', words: [] } },
  { name: '-conf, as on Windows', words: ['-conf', 'c'], expected: { conf: 'c', words: [] } },
  { name: 'a dry run', words: ['-d', '-n', 'a'], expected: { dryRun: true, words: ['-n', 'a'] } },
  {
    name: 'the path of plugins',
    words: ['--plugins-path', '/a:/b'],
    expected: { pluginsPath: '/a:/b', words: [] }
  },
  {
    name: 'class paths, without effect',
    words: ['-C', 'x.jar', '--classpath', 'y'],
    expected: { words: [] }
  },
  {
    name: 'switches of a Java virtual machine, without effect',
    words: ['-Xmx1g', '-XX:+UseG1GC', '-agentlib:jdwp=x', '-javaagent:y', '-agentpath:z'],
    expected: { words: [] }
  },
  {
    name: 'properties, the last one counting',
    words: ['-Da=1', '-Db', '-Dc=x=y z', '-Da=2'],
    expected: { properties: { a: '2', b: '', c: 'x=y z' }, words: [] }
  },
  {
    name: '-property, as on Windows',
    words: ['-property', 'a=1;b=2'],
    expected: { properties: { a: '1', b: '2' }, words: [] }
  },
  {
    name: 'a lone -D, which belongs to the command',
    words: ['-D', 'x=1'],
    expected: { words: ['-D', 'x=1'] }
  }
]) {
  test(`it takes ${name}`, () => {
    const empty = { conf: undefined, dryRun: false, pluginsPath: undefined, properties: {} }

    const { shown, ...taken } = splitLauncherOptions('agent', words, {})

    assert.deepEqual(taken, { ...empty, ...expected })
    assert.deepEqual(
      shown,
      words.filter(word => word !== '-d')
    )
  })
}

test('properties come from JAVA_OPTS, then FLUME_JAVA_OPTS, then the command line', () => {
  const variables = { JAVA_OPTS: '-Xmx20m -Da=1 -Db=1  -Dc=1', FLUME_JAVA_OPTS: '-Db=2\t-Dc=2' }

  assert.deepEqual(splitLauncherOptions('agent', ['-Dc=3'], variables).properties, { a: '1', b: '2', c: '3' })
})

test('an option without its argument is refused in Flume’s words', () => {
  assert.throws(() => splitLauncherOptions('agent', ['-c'], {}), {
    message: 'Option -c requires an argument'
  })
})

test('what stands behind the first word of fs is its own, what stands before it the launcher’s', () => {
  const { conf, dryRun, words, shown, properties } = splitLauncherOptions(
    'fs',
    ['-c', 'conf', '-d', '-Da=1', '-ls', '-C', '-d', '-c', '/x', '-Db=2', '-Xy'],
    {}
  )

  assert.deepEqual(
    { conf, dryRun, words, shown, properties },
    {
      conf: 'conf',
      dryRun: true,
      words: ['-ls', '-C', '-d', '-c', '/x', '-Db=2', '-Xy'],
      shown: ['-c', 'conf', '-Da=1', '-ls', '-C', '-d', '-c', '/x', '-Db=2', '-Xy'],
      properties: { a: '1' }
    }
  )
  assert.deepEqual(splitLauncherOptions('fs', ['-ls', '-C'], {}).words, ['-ls', '-C'])
})

test('options of a channel or a tool may stand anywhere before --', () => {
  const { conf, words, properties } = splitLauncherOptions(
    'channel',
    ['inspect', '/x', '-Da=1', '-c', 'conf', '--json', '--', '-c', '-d'],
    {}
  )

  assert.deepEqual(
    { conf, words, properties },
    { conf: 'conf', words: ['inspect', '/x', '--json', '--', '-c', '-d'], properties: { a: '1' } }
  )
})
