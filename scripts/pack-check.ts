// npm run pack:check: packs the package, installs it in an empty folder, runs agents from there, and looks whether
// what they stored is still there after another installation.
import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { HOME } from './home.ts'

const LINE = 'This is a test message'
const PATIENCE_MS = 30_000

const folder = mkdtempSync(join(tmpdir(), 'millrace-pack-'))
try {
  const tarball = pack()
  run('node_modules/.bin/publint', ['run', tarball, '--strict'], HOME)
  const program = install(tarball)
  run(program, ['version'], folder)
  await runAgent(program)
  await keepData(program)
  console.log('The package installs elsewhere, runs there, and a new installation keeps what it stored.')
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function pack(): string {
  const listed = run('npm', ['pack', '--json', '--pack-destination', folder], HOME)
  const name = readdirSync(folder).find(file => file.endsWith('.tgz'))
  if (name === undefined) throw new Error(`npm pack made no package: ${listed}`)
  return join(folder, name)
}

function install(tarball: string): string {
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
  run('npm', ['install', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', tarball], folder)
  return join(folder, 'node_modules', '.bin', 'flume-ng')
}

async function runAgent(program: string): Promise<void> {
  const port = await freePort()
  const output = join(folder, 'out')
  mkdirSync(output)
  const file = join(folder, 'agent.conf')
  writeFileSync(file, agentText(port, output))
  await takeLine(program, ['agent', '-n', 'a1', '-f', file], port)
  const written = readdirSync(output).map(name => readFileSync(join(output, name), 'utf8'))
  if (written.join('') !== `${LINE}\n`) throw new Error(`The agent wrote ${JSON.stringify(written)}.`)
}

/** The configuration as shipped, but for its port, run by a user with an empty home. */
async function keepData(program: string): Promise<void> {
  const env = { ...process.env, HOME: join(folder, 'home') }
  for (const name of ['XDG_DATA_HOME', 'FLUME_HOME', 'HADOOP_CONF_DIR', 'HADOOP_HOME'])
    Reflect.deleteProperty(env, name)
  mkdirSync(env.HOME)
  const installed = join(folder, 'node_modules', 'millrace')
  const conf = join(folder, 'conf')
  const port = await freePort()
  cpSync(join(installed, 'conf'), conf, { recursive: true })
  const file = join(conf, 'flume.conf')
  writeFileSync(file, readFileSync(file, 'utf8').replace('44444', String(port)))
  const before = readdirSync(installed).filter(isShipped)
  await takeLine(program, ['agent', '-f', conf], port, env)
  const after = readdirSync(installed).filter(isShipped)
  if (after.length > before.length)
    throw new Error(`Into the installation were written: ${after.join(', ')}.`)
  run('npm', ['ci', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'], folder)
  const shown = run(program, ['fs', '-text', '/user/flume/data/*'], tmpdir(), env)
  if (!shown.includes(LINE))
    throw new Error(`After the installation the store shows ${JSON.stringify(shown)}.`)
}

// Compiled code may be kept inside, in .cache.
function isShipped(name: string): boolean {
  return !name.startsWith('.')
}

/** Starts an agent, has it acknowledge a line, and stops it. */
async function takeLine(
  program: string,
  words: readonly string[],
  port: number,
  env: NodeJS.ProcessEnv = process.env
): Promise<void> {
  const agent = spawn(program, words, { cwd: folder, env, stdio: ['ignore', 'inherit', 'inherit'] })
  try {
    const answer = await sendLine(port, agent)
    if (answer !== 'OK') throw new Error(`The agent answered "${answer}".`)
  } finally {
    await stopped(agent)
  }
}

function agentText(port: number, output: string): string {
  return `a1.sources = r1
a1.channels = c1
a1.sinks = k1
a1.sources.r1.type = netcat
a1.sources.r1.bind = localhost
a1.sources.r1.port = ${port}
a1.sources.r1.channels = c1
a1.channels.c1.type = memory
a1.sinks.k1.type = file_roll
a1.sinks.k1.sink.directory = ${output}
a1.sinks.k1.channel = c1
`
}

async function sendLine(port: number, agent: ChildProcess): Promise<string | undefined> {
  const socket = await connected(port, agent)
  socket.write(`${LINE}\n`)
  const lines = createInterface({ input: socket })
  const [answer]: string[] = await once(lines, 'line', { signal: AbortSignal.timeout(PATIENCE_MS) })
  socket.destroy()
  return answer
}

// Tries until the agent listens: its log line would do, but this is what a client sees.
async function connected(port: number, agent: ChildProcess): Promise<Socket> {
  const deadline = Date.now() + PATIENCE_MS
  for (;;) {
    const socket = connect(port, 'localhost')
    const open = await Promise.race([
      once(socket, 'connect').then(
        () => true,
        () => false
      ),
      once(agent, 'exit').then(() => false)
    ])
    if (open) return socket
    if (agent.exitCode !== null || Date.now() > deadline) throw new Error('The agent does not listen.')
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

// Delivers what it took, then ends; killed when it does not.
async function stopped(agent: ChildProcess): Promise<void> {
  if (agent.exitCode !== null) return
  const exit = once(agent, 'exit', { signal: AbortSignal.timeout(PATIENCE_MS) })
  agent.kill('SIGTERM')
  await exit.catch(() => agent.kill('SIGKILL'))
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, 'localhost')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

function run(
  command: string,
  words: readonly string[],
  directory: string,
  env: NodeJS.ProcessEnv = process.env
): string {
  console.log(`$ ${[command.replace(`${folder}/`, ''), ...words].join(' ').replaceAll(`${folder}/`, '')}`)
  return execFileSync(command, words, {
    cwd: directory,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit']
  })
}
