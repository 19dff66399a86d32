import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { FakeClock, settled } from '../testing/fake-clock.ts'
import { kept, until } from '../testing/promise-kept.ts'
import { startCommand, type Command } from './command.ts'
import { isGroupRunning } from './process-group.ts'

const skip = process.platform === 'win32' && 'there are no process groups'

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-command-'))
})
after(() => rm(folder, { recursive: true }))

function shell(script: string, clock = new FakeClock()): Promise<Command> {
  return startCommand({ program: 'sh', arguments: ['-c', script] }, clock)
}

/** The next lines that it writes. */
async function linesOf(stream: Readable, count: number): Promise<string[]> {
  let said = ''
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    said += String(chunk)
    if (said.split('\n').length > count) break
  }
  return said.split('\n').slice(0, count)
}

/** Whether there is such a process, and it is not over. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !existsSync('/proc') || !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return false
  }
}

async function groupOver(pid: number): Promise<void> {
  while (await isGroupRunning(pid)) await settled()
}

/** Ends a command while time goes on. */
async function ended(command: Command, clock: FakeClock, graceMs: number): Promise<void> {
  let over = false
  const ending = command.end(graceMs).finally(() => (over = true))
  await until(
    () => over,
    'end() resolves',
    () => clock.advance(1)
  )
  await ending
}

test('words arrive as they are, outputs apart, and the exit code is told', { skip }, async () => {
  const words = ['a  b', '', "it's", '$HOME', '*', '-n', 'ü\n']
  const script = 'printf "<%s>" "$@"; echo wrong >&2; exit 7'
  await using command = await startCommand(
    { program: 'sh', arguments: ['-c', script, 'sh', ...words] },
    new FakeClock()
  )
  const found = await Promise.all([text(command.stdout), text(command.stderr), command.ended])

  const said = words.map(word => `<${word}>`).join('')
  assert.deepEqual(found, [said, 'wrong\n', { code: 7, signal: null }])
})

test('what ends a command by itself is told, and nothing is left to end', { skip }, async () => {
  await using command = await shell('kill -9 $$')

  assert.deepEqual(await command.ended, { code: null, signal: 'SIGKILL' })
  await command.end(1000)
})

test('every variable arrives, whatever its name, and there is no input', { skip }, async () => {
  const variables = { PATH: process.env['PATH'], 'a.b-c': 'dotted', PLAIN: 'x=y z', NONE: undefined }
  for (const only of [variables, { ...variables, 'a.b-c': undefined }]) {
    await using command = await startCommand(
      {
        program: process.execPath,
        arguments: [
          '-e',
          'const { env } = process; console.log(env["a.b-c"], env.PLAIN, env.NONE, require("fs").readFileSync(0).length)'
        ],
        variables: only
      },
      new FakeClock()
    )

    assert.equal(await text(command.stdout), `${only['a.b-c']} x=y z undefined 0\n`)
  }
})

test('a program that is not there, or may not be run, is named', async () => {
  const plain = join(folder, 'plain')
  await writeFile(plain, 'text')
  const start = (program: string): Promise<Command> =>
    startCommand({ program, arguments: [] }, new FakeClock())

  for (const [program, why] of [
    ['no-such-program', 'it is not there (ENOENT)'],
    [join(folder, 'missing'), 'it is not there (ENOENT)'],
    ['', 'it is not there (ENOENT)'],
    [plain, 'it may not be run (EACCES)'],
    [folder, 'it may not be run (EACCES)']
  ] as const)
    await assert.rejects(start(program), {
      code: 'ERR_START',
      message: `Cannot run program "${program}": ${why}.`
    })
})

test('a process that may open no more files is told so, and goes on', { skip }, async () => {
  const code = `
    import { closeSync, openSync } from 'node:fs'
    import { startCommand } from ${JSON.stringify(import.meta.resolve('./command.ts'))}
    const never = new Int32Array(new SharedArrayBuffer(4))
    const clock = { monotonic: () => performance.now(), sleep: ms => Atomics.waitAsync(never, 0, 0, ms).value }
    const found = new Set()
    for (let free = 0; free <= 16; free++) {
      const open = []
      try { for (;;) open.push(openSync('/dev/null')) } catch {}
      for (const file of open.splice(0, free)) closeSync(file)
      try {
        const command = await startCommand({ program: 'true', arguments: [] }, clock)
        await command.ended
        await command.end(0)
        found.add('started')
      } catch (error) {
        found.add(error.code)
      }
      open.forEach(closeSync)
    }
    console.log([...found].sort().join())
  `
  const words = ['-c', 'ulimit -n 100; exec "$0" "$@"', process.execPath, '--input-type=module', '-e', code]
  await using node = await startCommand({ program: 'sh', arguments: words }, new FakeClock())
  const [said, complaint, { code: exit }] = await Promise.all([
    text(node.stdout),
    text(node.stderr),
    node.ended
  ])

  assert.deepEqual([complaint, said, exit], ['', 'EMFILE,started\n', 0])
})

test('what nobody reads stays in the pipe, and the command stands still', { skip }, async () => {
  const bytes = 20_000_000
  await using command = await shell(`head -c ${bytes} /dev/zero; echo all >&2`)
  await once(command.stdout, 'readable')
  // Others come and go meanwhile.
  for (let i = 0; i < 5; i++) {
    await using other = await shell(`head -c ${bytes} /dev/zero >/dev/null`)
    await other.ended
  }
  const ahead = command.stdout.readableLength
  const before = command.stderr.readableLength
  let read = 0
  for await (const chunk of command.stdout) read += (chunk as Buffer).length

  assert.ok(ahead > 0 && ahead <= 128 * 1024, `${ahead} bytes were read ahead`)
  assert.deepEqual([before, read, await text(command.stderr)], [0, bytes, 'all\n'])
})

test('end() lets a command finish what it does, and ends what it started', { skip }, async () => {
  const clock = new FakeClock()
  const command = await shell(
    `trap 'echo last words >&2; exit 3' TERM; sh -c 'echo $$; exec sleep 1000' & while :; do wait; done`,
    clock
  )
  const [child] = await linesOf(command.stdout, 1)
  const words = text(command.stderr).catch(() => '')
  const ending = command.end(60_000)
  const { code } = await kept('it answers SIGTERM', command.ended)
  await until(
    () => !isRunning(Number(child)),
    'its child is ended',
    () => clock.advance(1)
  )
  await clock.advance(20)
  await ending

  assert.deepEqual([code, await isGroupRunning(command.pid)], [3, false])
  assert.match(await words, /^(last words\n)?$/)
})

test(
  'what does not listen to SIGTERM is killed after the grace time, pipelines and all',
  { skip },
  async () => {
    const clock = new FakeClock()
    const command = await shell(
      `trap '' TERM; echo begun; (trap '' TERM; tail -f /dev/null | cat) & tail -f /dev/null | cat`,
      clock
    )
    await linesOf(command.stdout, 1)
    const ending = command.end(5000)
    await clock.advance(4999)
    const before = isRunning(command.pid)
    await clock.advance(1)
    const { signal } = await kept('SIGKILL ends it', command.ended)
    await kept('its children are killed', groupOver(command.pid))
    await clock.advance(20)
    await kept('end() resolves', ending)

    assert.deepEqual([before, signal], [true, 'SIGKILL'])
  }
)

test('what a command left running is ended with it, or released', { skip }, async () => {
  const clock = new FakeClock()
  const script = 'sleep 1000 >/dev/null 2>&1 & echo $!'
  const [first, second] = [await shell(script, clock), await shell(script, clock)]
  const [gone, stays] = [
    Number((await text(first.stdout)).trim()),
    Number((await text(second.stdout)).trim())
  ]
  await Promise.all([first.ended, second.ended])
  second.release()
  await ended(first, clock, 60_000)
  await ended(second, clock, 60_000)
  const left = [isRunning(gone), isRunning(stays)]
  process.kill(stays, 'SIGKILL')

  assert.deepEqual(left, [false, true])
})

test('leaving scope ends it, and ending it twice is fine', { skip }, async () => {
  const clock = new FakeClock()
  const command = await shell('exec sleep 1000', clock)
  await Promise.all([ended(command, clock, 1000), ended(command, clock, 1000)])
  await command[Symbol.asyncDispose]()

  assert.deepEqual(await command.ended, { code: null, signal: 'SIGTERM' })
})
