import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineInterceptor, defineSink, serializer } from '../core/component.ts'
import { gauge, label } from '../core/metrics.ts'
import { choice, integer, list, optional, prefixed, text } from '../core/schema.ts'
import { renderMarkdown, renderText, settingRows } from './manual.ts'

const settings = {
  host: text('host', { doc: 'Where to connect.' }),
  port: integer('port', { doc: 'TCP port.', default: 80, min: 1, max: 65535, aliases: ['tcpPort'] }),
  pause: integer('pause', { doc: 'Pause between tries.', default: 5, unit: 'seconds', lenient: true }),
  mode: choice('mode', ['fast', 'safe'], { doc: 'How to write, fast | safe.', default: 'safe' }),
  password: optional(text('password', { doc: 'Opens the door.', secret: true })),
  words: list('words', { doc: 'Some words.', default: ['a', 'b'] }),
  extra: prefixed('extra.', { doc: 'Passed on.' }),
  serializer: serializer('serializer', { doc: 'Format of the file.', default: 'TEXT' })
}

const stop = { start: async () => {}, stop: async () => {}, deliver: async () => {} }
const definition = defineSink({
  type: 'sample',
  classes: ['org.example.SampleSink'],
  stability: 'preview',
  summary: 'Writes samples.',
  settings,
  create: () => stop
})

test('each setting is a row with its kind of value, default, limits and remarks', () => {
  const rows = settingRows(definition).map(row => Object.values(row).join(' | '))

  assert.deepEqual(rows, [
    'host | text | required | Where to connect.',
    'port | whole number from 1 up to 65535 | 80 | TCP port. Also: tcpPort.',
    'pause | whole number (seconds) | 5 | Pause between tries. A wrong value gives a warning and the default.',
    'mode | fast, safe | safe | How to write, fast | safe.',
    'password | text |  | Opens the door. Never shown.',
    'words | words | a b | Some words.',
    'extra.* | text |  | Passed on.',
    'serializer | type | TEXT | Format of the file. Its own settings follow below `serializer.`.'
  ])
})

test('the Markdown page has summary, aliases, table, notes and example', () => {
  const page = renderMarkdown({ definition, example: 'a.sinks = k\n', notes: '## Notes\n\nMind the gap.\n' })

  assert.ok(
    page.startsWith(
      '# Sink sample\n\nWrites samples.\n\n*Preview: settings may still change.*\n\nAlso written as `org.example.SampleSink`.\n'
    )
  )
  assert.ok(page.includes('\n| `host` | text | *required* | Where to connect. |\n'))
  assert.ok(page.includes('| How to write, fast \\| safe. |'))
  assert.ok(page.endsWith('\n\n## Notes\n\nMind the gap.\n\n## Example\n\n```properties\na.sinks = k\n```\n'))
})

test('the page for a terminal fits its width', () => {
  const page = renderText({ definition, example: 'a.sinks = k', notes: undefined }, 40)

  assert.ok(
    page.includes('  port   whole number from 1 up to 65535, default 80\n      TCP port. Also: tcpPort.\n')
  )
  assert.ok(page.includes('  host   text, required\n'))
  assert.ok(
    page.includes('      Pause between tries. A wrong value\n      gives a warning and the default.\n')
  )
  assert.ok(page.endsWith('\n\nExample\n  a.sinks = k\n'))
})

test('what a component declares for monitoring is on its pages', () => {
  const observed = defineSink({
    type: 'observed',
    stability: 'stable',
    summary: 'Is looked at.',
    settings: {},
    metrics: { Files: gauge('files', 'Files that are open, of all that this sink has ever begun.') },
    details: { title: 'Open files', columns: { state: label('What it does.') } },
    create: () => ({ ...stop, gauges: () => ({ Files: 0 }), details: () => ({ total: 0, rows: [] }) })
  })
  const page = { definition: observed, example: undefined, notes: undefined }

  assert.equal(
    renderMarkdown(page),
    '# Sink observed\n\nIs looked at.\n\nIt has no settings.\n\n## Monitoring\n\n' +
      'Beside the [counters of every sink](../counters.md) it has at `/metrics`:\n\n' +
      '| name | kind | meaning |\n|---|---|---|\n' +
      '| `Files` | gauge (files) | Files that are open, of all that this sink has ever begun. |\n\n' +
      '`/details` has a table **Open files**, with a `name` and:\n\n' +
      '| name | kind | meaning |\n|---|---|---|\n| `state` | label | What it does. |\n'
  )
  assert.ok(
    renderText(page, 40).endsWith(
      '\n\nMonitoring\n  Files   gauge (files)\n      Files that are open, of all that\n' +
        '      this sink has ever begun.\n  Table of details: Open files\n  state   label\n      What it does.\n'
    )
  )
})

test('a component without settings says so', () => {
  const plain = defineInterceptor({
    type: 'plain',
    stability: 'stable',
    summary: 'Does nothing.',
    settings: {},
    create: () => ({ intercept: batch => batch })
  })

  assert.equal(
    renderMarkdown({ definition: plain, example: undefined, notes: undefined }),
    '# Interceptor plain\n\nDoes nothing.\n\nIt has no settings.\n'
  )
})
