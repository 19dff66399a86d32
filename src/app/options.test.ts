import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { parseCommandLine, usageOf } from './command-line.ts'
import { readOptionsFile } from './options-file.ts'
import { AGENT_OPTIONS, parseAgentOptions } from './options.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-options-'))
after(() => {
  rmSync(folder, { recursive: true })
})

for (const { words, agent, files } of [
  { words: '-n a1 -f x', agent: 'a1', files: ['x'] },
  { words: '--name a1 --conf-file x', agent: 'a1', files: ['x'] },
  { words: '--name=a1 --conf-file=x', agent: 'a1', files: ['x'] },
  { words: '-name a1 -conf-file x', agent: 'a1', files: ['x'] },
  { words: '-name=a1 -conf-file=x', agent: 'a1', files: ['x'] },
  { words: '-na1 -fx', agent: 'a1', files: ['x'] },
  { words: '-n=a1 -f=x', agent: 'a1', files: ['x'] },
  { words: '--nam a1 --conf-f x --no-reload', agent: 'a1', files: ['x'] },
  { words: '-n a1 -n a2 -f x -f y', agent: 'a1', files: ['x', 'y'] },
  { words: '-f x --', agent: undefined, files: ['x'] },
  { words: '-f –x', agent: undefined, files: ['–x'] },
  { words: '-f x -n=a–b', agent: 'a–b', files: ['x'] },
  { words: '-f x', agent: undefined, files: ['x'] },
  { words: '-f x -n -1', agent: '-1', files: ['x'] },
  { words: '-n "a1" -f "x"', agent: 'a1', files: ['x'] },
  { words: '-n a1 -u file:///etc/x.conf -f ignored', agent: 'a1', files: ['/etc/x.conf'] },
  { words: '-n a1 -f x -i 5 -b /tmp -user u -pwd p --no-reload-conf', agent: 'a1', files: ['x'] }
]) {
  test(`${words}`, () => {
    const options = parseAgentOptions(words.split(' '))

    assert.deepEqual({ agent: options.agent, files: options.files }, { agent, files })
  })
}

for (const { words, says } of [
  { words: '--bogus', says: 'Unrecognized option: --bogus' },
  { words: '-x', says: 'Unrecognized option: -x' },
  {
    words: '-n a1 -f x stray y',
    says: 'stray belongs to no option. Take it out, or write the option before it.'
  },
  { words: '-f x -- -n a1', says: '-n belongs to no option. Take it out, or write the option before it.' },
  {
    words: '–conf ./conf -f x',
    says: '–conf is no option: its – (U+2013) is no hyphen. Write --conf with hyphens.'
  },
  { words: '-n a –f x', says: '–f is no option: its – (U+2013) is no hyphen. Write -f with hyphens.' },
  { words: '-f –n a', says: '–n is no option: its – (U+2013) is no hyphen. Write -n with hyphens.' },
  {
    words: '-f x ——conf-file=y',
    says: '——conf-file=y is no option: its — (U+2014) is no hyphen. Write --conf-file with hyphens.'
  },
  {
    words: '-f x --conf‑file y',
    says: '--conf‑file is no option: its ‑ (U+2011) is no hyphen. Write --conf-file with hyphens.'
  },
  {
    words: '-f x −Dflume.root.logger=DEBUG',
    says: '−Dflume.root.logger=DEBUG is no option: its − (U+2212) is no hyphen. Write -Dflume.root.logger with hyphens.'
  },
  { words: '-f x -n', says: 'Missing argument for option: n' },
  { words: '-n -f x', says: 'Missing argument for option: n' },
  { words: '--conf-user', says: 'Missing argument for option: user' },
  { words: '--no-reload-conf=yes -f x', says: 'Unrecognized option: --no-reload-conf=yes' },
  {
    words: '--conf- x',
    says: "Ambiguous option: '--conf-'  (could be: 'conf-file', 'conf-uri', 'conf-user', 'conf-password', 'conf-provider')"
  },
  { words: '-n a1', says: 'No configuration was provided. Name a file or a folder with -f.' },
  {
    words: '-f x -i abc',
    says: 'For input string: "abc". Write --poll-interval as a whole number of seconds.'
  }
]) {
  test(`${words} is refused`, () => {
    assert.throws(() => parseAgentOptions(words.split(' ')), { code: 'ERR_CONFIG', message: says })
  })
}

for (const [words, named] of [
  ['-z zk:2181 -n a', /ZooKeeper \(-z\) is not in this version\. .* -f FILE/],
  ['-u http://h/x -n a', /by http: \(-u http:\/\/h\/x\) is not in this version\. .* -f FILE/],
  ['-u classpath:///x -n a', /by classpath: .* is not in this version/],
  ['-u x.conf', /x\.conf is not a URI\. Write -f x\.conf/],
  ['-u ftp://h/x', /scheme of ftp:\/\/h\/x is unknown/],
  ['--conf-provider com.example.P', /com\.example\.P is a Java class/],
  ['-u file://elsewhere/x', /does not name a local file/]
] as const) {
  test(`${words} names what to use instead`, () => {
    assert.throws(() => parseAgentOptions(words.split(' ')), named)
  })
}

test('help needs nothing else', () => {
  assert.equal(parseAgentOptions(['-h']).help, true)
})

test('the options file gives what the command line does not', async () => {
  writeFileSync(
    join(folder, 'flume.opts'),
    'n = other\nconf-file = from-file\nstrict = yes\nno-reload-conf = no\n'
  )
  const defaults = await readOptionsFile(AGENT_OPTIONS, folder, join(folder, 'no-such-file'))

  assert.deepEqual(parseAgentOptions(['-n', 'a1'], defaults), {
    agent: 'a1',
    files: ['from-file'],
    strict: true,
    help: false
  })
})

test('the system’s options file comes before that of the configuration folder', async () => {
  writeFileSync(join(folder, 'flume.opts'), 'n = folder\n')
  writeFileSync(join(folder, 'system.opts'), 'name = system\n')
  const defaults = await readOptionsFile(AGENT_OPTIONS, folder, join(folder, 'system.opts'))

  assert.deepEqual([...defaults], [['agent', ['system']]])
})

test('in the options file names may have their hyphens, and system properties may stand', async () => {
  const file = join(folder, 'hyphens.opts')
  writeFileSync(
    file,
    '-n a1\n--conf-file=x y.conf\n--strict\n-Dflume.root.logger=DEBUG,console\n-D a.b=c=d\nstrict\n'
  )
  const defaults = await readOptionsFile(AGENT_OPTIONS, undefined, file)

  assert.deepEqual(parseAgentOptions([], defaults), {
    agent: 'a1',
    files: ['x y.conf'],
    strict: true,
    help: false
  })
  assert.deepEqual(defaults.get('properties'), ['flume.root.logger=DEBUG,console', 'a.b=c=d'])
})

test('an unknown option in the options file is refused with file and line', async () => {
  const file = join(folder, 'bad.opts')
  writeFileSync(file, '# comment\nbogus = 1\n')

  await assert.rejects(readOptionsFile(AGENT_OPTIONS, undefined, file), {
    message: `${file}:2: bogus is not an option of the agent. See flume-ng help agent.`
  })
})

test('no options file means no options', async () => {
  assert.deepEqual([...(await readOptionsFile(AGENT_OPTIONS, undefined, join(folder, 'no-such-file')))], [])
})

test('flags written together are flags', () => {
  const specs = [
    { name: 'a', short: 'a', long: 'all', doc: '' },
    { name: 'b', short: 'b', long: 'but', argument: 'x', doc: '' }
  ]

  assert.deepEqual(
    [...parseCommandLine(specs, ['-abvalue'])],
    [
      ['a', ['']],
      ['b', ['value']]
    ]
  )
})

test('the usage lists every option with its argument', () => {
  const usage = usageOf(AGENT_OPTIONS)

  for (const { long, argument } of AGENT_OPTIONS) {
    assert.ok(usage.includes(argument === undefined ? `--${long} ` : `--${long} <${argument}> `), long)
  }
})
