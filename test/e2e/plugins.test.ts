// A component that needs a package: told where it is not there, and run once `flume-ng plugin add` brought it.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { HOME, startAgent } from './agent-process.ts'

const SINK = `import { defineSink } from '../../../core/component.ts'
import type { Sink, SinkContext } from '../../../core/contracts.ts'

export default defineSink({
  type: 'driven',
  stability: 'preview',
  summary: 'Says what its driver says.',
  settings: {},
  needs: ['@millrace-test/driver@1.2.3'],
  create: (_settings, context) => new DrivenSink(context)
})

class DrivenSink implements Sink {
  readonly #context: SinkContext

  constructor(context: SinkContext) {
    this.#context = context
  }

  async start(): Promise<void> {
    const driver = (await this.#context.load('@millrace-test/driver')) as { greeting: string }
    this.#context.log.info(driver.greeting)
  }

  async stop(): Promise<void> {}

  async deliver(): Promise<void> {}
}
`

const AGENT = `a.sources = s
a.channels = c d
a.sinks = driven other
a.sources.s.type = seq
a.sources.s.totalEvents = 1
a.sources.s.channels = c d
a.channels.c.type = memory
a.channels.d.type = memory
a.sinks.driven.type = driven
a.sinks.driven.channel = c
a.sinks.other.type = null
a.sinks.other.channel = d
`

let folder = ''
let program = ''
let conf = ''

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-plugins-'))
  const home = join(folder, 'millrace')
  for (const name of ['bin', 'conf', 'docs', 'scripts', 'src', 'package.json', 'package-lock.json'])
    cpSync(join(HOME, name), join(home, name), { recursive: true })
  symlinkSync(join(HOME, 'node_modules'), join(home, 'node_modules'))
  const own = join(home, 'src/components/sinks/driven')
  mkdirSync(own)
  writeFileSync(join(own, 'driven.ts'), SINK)
  const list =
    "const { COMPONENT_LIST, componentListText } = await import('./scripts/component-list.ts')\n" +
    ";(await import('node:fs')).writeFileSync(COMPONENT_LIST, await componentListText())"
  run(process.execPath, ['--input-type=module', '-e', list], home)
  program = join(home, 'bin/flume-ng')
  conf = join(folder, 'agent.conf')
  writeFileSync(conf, AGENT)
})

after(() => rmSync(folder, { recursive: true, force: true }))

test('where the package is missing, validate says in one line what to do', () => {
  const { status, stdout } = flume(['validate', '-f', conf])

  assert.equal(status, 1)
  assert.match(
    stdout,
    /^.*error NEEDS_PACKAGE a\.sinks\.driven\.type: driven needs the package @millrace-test\/driver 1\.2\.3, which is not installed, and does not run\. Install it: flume-ng plugin add @millrace-test\/driver$/m
  )
  assert.match(stdout, /; lacking a package: driven;/)
})

test('the agent says the same, and the other components run', async () => {
  await using agent = await startAgent(['-f', conf], { program, cwd: folder })
  await agent.stop()

  assert.match(agent.output, /Install it: flume-ng plugin add @millrace-test\/driver/)
  assert.match(agent.output, /sink other: delivered 1/)
})

test('the command names the folder of --plugins-path', () => {
  const { stdout } = flume(['validate', '-f', conf, '--plugins-path', '/opt/plug-ins'])

  assert.match(stdout, /flume-ng plugin add @millrace-test\/driver --plugins-path \/opt\/plug-ins/)
})

test('a package that no component needs is not installed', () => {
  const { status, stderr } = flume(['plugin', 'add', 'left-pad'])

  assert.equal(status, 1)
  assert.match(stderr, /No component of this version needs left-pad\. They need: @millrace-test\/driver\./)
})

test('tarballs are installed without a network, a home or running anything of theirs', async t => {
  const plugIns = join(folder, 'plug-ins')
  const tarballs = [
    packed('driver', '1.2.3', {
      dependencies: { '@millrace-test/words': '^2.0.0' },
      scripts: { install: `node -e "require('fs').writeFileSync('${join(folder, 'ran')}', '')"` },
      code: "import { hello } from '@millrace-test/words'\nexport const greeting = `${hello}, said the driver.`\n"
    }),
    packed('words', '2.0.1', { code: "export const hello = 'Hello'\n" })
  ]

  const { status, stdout, stderr } = flume(['plugin', 'add', ...tarballs, '--plugins-path', plugIns], {
    HOME: join(folder, 'no-home'),
    npm_config_registry: 'http://127.0.0.1:9/'
  })

  assert.equal(status, 0, stdout + stderr)
  assert.match(stdout, /^Installed into .*plug-ins\/millrace-test\+driver\.$/m)
  assert.deepEqual(readdirSync(plugIns), ['millrace-test+driver'])
  assert.ok(!existsSync(join(folder, 'ran')))
  await t.test('then the component runs with it', async () => {
    await using agent = await startAgent(['--strict', '-f', conf, '--plugins-path', plugIns], {
      program,
      cwd: folder
    })
    await agent.said(/Hello, said the driver\./)
    await agent.stop()

    assert.match(agent.output, /sink driven: delivered 1/)
  })
  await t.test('and is listed, as are the jars of a plug-in of Flume', () => {
    mkdirSync(join(plugIns, 'of-flume/lib'), { recursive: true })
    writeFileSync(join(plugIns, 'of-flume/lib/custom.jar'), '')

    const listed = flume(['plugin', 'list', '--plugins-path', `/nowhere:${plugIns}`])

    assert.match(listed.stdout, /@millrace-test\/driver 1\.2\.3, for sink driven: 1\.2\.3 is installed/)
    assert.match(listed.stdout, /of-flume: 1 jars of Java, which cannot be loaded/)
  })
  await t.test('a folder that was copied to plugins.d of another home does as well', () => {
    cpSync(plugIns, join(folder, 'elsewhere/plugins.d'), { recursive: true })

    const copied = flume(['validate', '-f', conf], { FLUME_HOME: join(folder, 'elsewhere') })

    assert.equal(copied.status, 0, copied.stdout)
  })
  await t.test('and what is removed is missing again', () => {
    flume(['plugin', 'remove', '@millrace-test/driver', '--plugins-path', plugIns])

    assert.equal(flume(['validate', '-f', conf, '--plugins-path', plugIns]).status, 1)
  })
})

test('another major version is not taken for the one that is needed', () => {
  const plugIns = join(folder, 'old')
  flume(['plugin', 'add', packed('driver', '0.9.0', { code: '' }), '--plugins-path', plugIns])

  const { stdout } = flume(['validate', '-f', conf, '--plugins-path', plugIns])

  assert.match(stdout, /needs the package @millrace-test\/driver 1\.2\.3 \(0\.9\.0 is there\)/)
})

test('an installation that cannot be written to leaves plug-ins to the user', () => {
  const readOnly = join(folder, 'read-only')
  writeFileSync(readOnly, 'A file, so that nobody makes a folder below it.')

  const { stdout } = flume(['plugin', 'add', packed('driver', '1.2.4', { code: '' })], {
    FLUME_HOME: readOnly,
    XDG_DATA_HOME: join(folder, 'data')
  })

  assert.match(stdout, /^Installed into .*\/data\/millrace\/plugins\.d\/millrace-test\+driver\.$/m)
})

interface Made {
  readonly code: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly scripts?: Readonly<Record<string, string>>
}

/** The tarball of a package. */
function packed(name: string, version: string, { code, ...more }: Made): string {
  const source = mkdtempSync(join(folder, 'package-'))
  const settings = { name: `@millrace-test/${name}`, version, type: 'module', exports: './main.js', ...more }
  writeFileSync(join(source, 'package.json'), JSON.stringify(settings))
  writeFileSync(join(source, 'main.js'), code)
  run('npm', ['pack', '--ignore-scripts', '--loglevel=error'], source)
  return join(source, `millrace-test-${name}-${version}.tgz`)
}

function flume(words: readonly string[], variables: Readonly<Record<string, string>> = {}) {
  const env = {
    ...process.env,
    MILLRACE_NODE: process.execPath,
    XDG_DATA_HOME: join(folder, 'none'),
    ...variables
  }
  return spawnSync(program, words, { cwd: folder, encoding: 'utf8', env })
}

function run(command: string, words: readonly string[], cwd: string): void {
  const { status, stdout, stderr } = spawnSync(command, words, { cwd, encoding: 'utf8' })
  assert.equal(status, 0, `${command} ${words.join(' ')}\n${stdout}${stderr}`)
}
