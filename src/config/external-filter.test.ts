import assert from 'node:assert/strict'
import { test } from 'node:test'
import { charset, type Charset } from '../java/charset.ts'
import { fakeCommands } from '../net/testing/fake-command.ts'
import { FakeClock, settled } from '../testing/fake-clock.ts'
import { firstLineOf } from './external-filter.ts'

const utf8 = charset('UTF-8') as Charset

/** A filter that runs fake commands: the one it started, and what it resolves to. */
async function filter() {
  const clock = new FakeClock()
  const { start, started } = fakeCommands()
  const line = firstLineOf('give  secret', 'key', utf8, { start, clock })
  line.catch(() => undefined)
  await settled()
  const [first] = started
  assert.ok(first)
  return { line, clock, ...first }
}

test('the key is the last word of the command, whose end counts, not that of its outputs', async () => {
  const { line, request, command } = await filter()
  command.stdout.write('first\nsec')
  command.stdout.write('ond')
  command.exit({ code: 0 })

  assert.equal(await line, 'first')
  assert.deepEqual(request, { program: 'give', arguments: ['secret', 'key'] })
  assert.equal(command.fate, 'released')
})

test('a command that takes longer than 30 s is ended with all that it started', async () => {
  const { line, clock, command } = await filter()
  command.stdout.write('half a li')
  await clock.advance(29_999)
  const before = command.fate
  await clock.advance(1)

  await assert.rejects(line, { code: 'ERR_TIMEOUT', message: 'The command did not end within 30 s.' })
  assert.deepEqual([before, command.fate], ['runs', 'ended'])
})

test('a command that prints without end is ended, one that complains without end is not', async () => {
  const [loud, talkative] = [await filter(), await filter()]
  const mebibyte = Buffer.alloc(1 << 20, 'x')
  loud.command.stdout.write(mebibyte)
  loud.command.stdout.write('y')
  for (let i = 0; i < 3; i++) talkative.command.stderr.write(mebibyte)
  talkative.command.stdout.write('value\n')
  await settled()
  talkative.command.exit({ code: 0 })

  await assert.rejects(loud.line, { message: 'The command printed more than 1048576 bytes.' })
  assert.equal(await talkative.line, 'value')
  assert.deepEqual([loud.command.fate, talkative.command.fate], ['ended', 'released'])
})

test('a command that a signal ends is told apart from one that fails', async () => {
  const [killed, failed] = [await filter(), await filter()]
  killed.command.exit({ signal: 'SIGSEGV' })
  failed.command.stderr.write('no such secret\nat all\n')
  failed.command.exit({ code: 3 })

  await assert.rejects(killed.line, { message: 'The command was ended by SIGSEGV.' })
  await assert.rejects(failed.line, { message: 'The command ended with code 3: no such secret' })
})
