import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AgentError } from '../core/errors.ts'
import { formatEcs, formatError, formatText } from './log-format.ts'
import { isLogged, readLogSettings } from './log-settings.ts'

const at = new Date(2026, 10, 2, 3, 4, 5, 6).getTime()
const entry = { at, level: 'info', logger: 'sink k1', message: 'Closed a file.', facts: {} } as const

test('a line has local time, level, who says it, the sentence and the facts', () => {
  const text = formatText(
    { ...entry, facts: { file: '/a/b', events: 7, note: 'two words', none: undefined } },
    false
  )

  assert.equal(
    text,
    '2026-11-02 03:04:05,006 INFO  [sink k1] Closed a file. file=/a/b events=7 note="two words"'
  )
})

test('colour is only for what needs somebody, and only when asked for', () => {
  assert.equal(formatText({ ...entry, level: 'warn' }, true).startsWith('\x1b[33m'), true)
  assert.equal(formatText(entry, true).includes('\x1b'), false)
  assert.equal(formatText({ ...entry, level: 'error' }, false).includes('\x1b'), false)
})

test('no control character of an event reaches a terminal, and no line is forged', () => {
  const text = formatText(
    { ...entry, message: 'Event: \x1b[2Jx\nnext\x9b', facts: { body: 'a\r\nb\x07' } },
    false
  )

  assert.equal(text.includes('Event: \\x1b[2Jx\\nnext\\x9b body="a\\r\\nb\\x07"'), true, text)
  assert.equal(/[\x00-\x1f\x7f-\x9f]/.test(text), false)
})

test('no control character reaches a terminal by the name of a fact or the stack of an error either', () => {
  const text = formatText({ ...entry, facts: { 'n\x1b': 1, error: new Error('Bad\x1b[2J.\x9b') } }, false)

  assert.match(text, / n\\x1b=1 error="Bad\\x1b\[2J\.\\x9b"\n {4}Error: Bad\\x1b\[2J\.\\x9b\n/)
  assert.doesNotMatch(text, /[\x00-\x09\x0b-\x1f\x7f-\x9f]/)
})

test('an error is its sentence, its facts and its causes; a stack follows what nobody expected', () => {
  const expected = new AgentError(
    'ERR_DELIVERY',
    'The target refused.',
    { status: 503 },
    new Error('connection reset')
  )

  assert.equal(formatError(expected), 'The target refused. (status=503) Cause: connection reset')
  assert.equal(formatText({ ...entry, facts: { error: expected } }, false).split('\n').length, 1)
  assert.match(
    formatText({ ...entry, facts: { error: new TypeError('x') } }, false),
    /error="x"\n +TypeError: x\n +at /
  )
})

test('what an error, its causes and the line have in common is said once', () => {
  const cause = new AgentError('ERR_FILE_SYSTEM', 'Access was denied.', {
    path: '/x',
    reason: 'Permission denied: user=a'
  })
  const error = new AgentError('ERR_DELIVERY', 'HDFS IO error', { ...cause.facts, tried: 2 }, cause)
  const timeout = new AgentError(
    'ERR_DELIVERY',
    'HDFS IO error',
    { reason: 'It took too long.' },
    new Error('It took too long.')
  )
  const facts = { reason: 'Permission denied: user=a', error }

  assert.equal(
    formatText({ ...entry, facts }, false).slice(entry.message.length + 41),
    'reason="Permission denied: user=a" error="HDFS IO error (path=/x tried=2) Cause: Access was denied."'
  )
  assert.equal(formatError(timeout), 'HDFS IO error (reason="It took too long.")')
})

test('an error that is its own cause ends', () => {
  const error = new Error('round')
  error.cause = error

  assert.equal(formatError(error).length < 200, true)
})

test('facts that JSON cannot hold are logged all the same', () => {
  const circle: Record<string, unknown> = {}
  circle['self'] = circle
  const facts = { big: 5n, map: new Map([['a', 1]]), set: new Set([1]), bytes: Buffer.from('abc'), circle }

  assert.match(
    formatText({ ...entry, facts }, false),
    /big="?5"? map=\{"a":1\} set=\[1\] bytes="3 bytes" circle="\[object Object\]"$/
  )
})

test('a long value is cut', () => {
  assert.equal(formatText({ ...entry, facts: { body: 'x'.repeat(100_000) } }, false).length < 3000, true)
})

test('the JSON form uses the fields of ECS', () => {
  const error = new AgentError('ERR_DELIVERY', 'No.', { status: 503 })

  assert.deepEqual(formatEcs({ ...entry, facts: { file: 'x', error } }), {
    '@timestamp': new Date(at).toISOString(),
    message: 'Closed a file.',
    'ecs.version': '8.11.0',
    'log.logger': 'sink k1',
    'process.pid': process.pid,
    error: {
      type: 'AgentError',
      code: 'ERR_DELIVERY',
      message: 'No. (status=503)',
      stack_trace: error.stack
    },
    millrace: { file: 'x' }
  })
})

for (const { given, level = 'info', console = true, file, rolls = true, unknown = [] } of [
  { given: {} },
  { given: { 'flume.root.logger': 'DEBUG,console' }, level: 'debug' },
  { given: { 'flume.root.logger': 'warn' }, level: 'warn' },
  { given: { 'flume.root.logger': 'INFO,LOGFILE' }, console: false, file: 'logs/flume.log' },
  {
    given: { 'flume.root.logger': 'INFO, LOGFILE, console', 'flume.log.dir': '/d', 'flume.log.file': 'f' },
    file: '/d/f'
  },
  { given: { 'flume.log.dir': '/d' }, file: '/d/flume.log' },
  { given: { 'flume.root.logger': 'INFO,console', 'flume.log.dir': '/d' } },
  { given: { 'flume.root.logger': 'FATAL' }, level: 'error' },
  { given: { 'flume.root.logger': 'OFF,console' }, level: undefined },
  { given: { 'flume.root.logger': 'LOUD,console,syslog' }, unknown: ['LOUD', 'syslog'] },
  { given: { 'flume.log.dir': '/d', 'flume.log.roll': 'False' }, file: '/d/flume.log', rolls: false },
  { given: { 'flume.log.dir': '/d', 'flume.log.roll': 'daily' }, file: '/d/flume.log', unknown: ['daily'] }
] as {
  given: Record<string, string>
  level?: string
  console?: boolean
  file?: string
  rolls?: boolean
  unknown?: string[]
}[]) {
  test(`log settings of ${JSON.stringify(given)}`, () => {
    const expected = {
      level: given['flume.root.logger'] === 'OFF,console' ? undefined : level,
      console,
      file,
      rolls,
      unknown
    }

    assert.deepEqual(readLogSettings(given), expected)
  })
}

test('a level includes those graver than itself', () => {
  assert.deepEqual(
    (['debug', 'info', 'warn', 'error'] as const).map(level => isLogged(level, 'warn')),
    [false, false, true, true]
  )
  assert.equal(isLogged('error', undefined), false)
})
