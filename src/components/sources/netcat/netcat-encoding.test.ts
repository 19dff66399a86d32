import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, test } from 'node:test'
import { settingsOf } from '../../../core/read-settings.ts'
import { charset } from '../../../java/charset.ts'
import { fakeSourceContext } from '../../../testing/fake-context.ts'
import netcat from './netcat.ts'

const TEXTS: Readonly<Record<string, string>> = {
  GBK: '你好',
  GB2312: '你好',
  GB18030: '你好ዊ',
  Big5: '中文',
  'x-windows-950': '中文',
  'EUC-KR': '한국',
  'x-windows-949': '한국',
  'EUC-JP': '日本丂ｱ',
  Shift_JIS: '日本ｱ',
  'windows-31j': '日本ｱ',
  'ISO-2022-JP': '日本ｱ',
  'UTF-16': '日😀',
  'UTF-16LE': '日😀',
  'UTF-32': '日😀'
}

async function open(encoding: string) {
  const context = fakeSourceContext()
  const given = { bind: '127.0.0.1', port: '0', encoding, 'max-line-length': '20' }
  const source = netcat.create(
    settingsOf(netcat, given, () => undefined),
    context
  )
  await source.start()
  const socket = connect({ port: Number(source.describe?.()?.split(':')[1]), host: '127.0.0.1' })
  socket.setNoDelay(true)
  await once(socket, 'connect')
  return { source, socket, context }
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise(resolve => setImmediate(resolve))
}

describe('netcat in other encodings', { timeout: 60_000 }, () => {
  for (const [encoding, text] of Object.entries(TEXTS)) {
    test(`${encoding}: lines come byte by byte, and one without end is refused at the limit and not before`, async () => {
      const { source, socket, context } = await open(encoding)
      const found = charset(encoding)
      assert.ok(found !== undefined)
      // The longest line that is allowed, then one that reaches the limit before it ends.
      const longest = text.repeat(20).slice(0, 18) + 'x'
      let answers = Buffer.alloc(0)
      socket.on('data', (answer: Buffer) => (answers = Buffer.concat([answers, answer])))
      const ended = once(socket, 'end')
      for (const byte of found.encode(`${longest}\n${longest}`)) {
        socket.write(Buffer.of(byte))
        await turns(2)
      }
      await turns(20)
      const before = [context.intake.texts, found.decode(answers)]
      const mark = found.encode('x').length - (found.encode('xx').length - found.encode('x').length)
      socket.write(found.encode('y').subarray(mark))
      await ended
      await source.stop()

      assert.deepEqual(before, [[longest], 'OK\n'])
      assert.equal(
        found.decode(answers),
        'OK\nFAILED: Event exceeds the maximum length (20 chars, including newline)\n'
      )
      assert.equal(context.input.unfinishedBytes, 0)
    })
  }
})
