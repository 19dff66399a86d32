import { join } from 'node:path'
import type { Contestant } from '../harness/contestant.ts'
import { MeasuredProcess } from '../harness/measured-process.ts'
import { firstMatch } from './first-match.ts'

/** `socat` copying the bytes of one connection into one file. */
export const socat: Contestant = {
  name: 'socat',
  version: () => firstMatch('socat', ['-V'], /socat version (\S+)/),
  start: ({ scratch, port, output }) =>
    MeasuredProcess.start({
      command: 'socat',
      args: ['-u', `TCP-LISTEN:${port},bind=127.0.0.1,reuseaddr`, `CREATE:${join(output, 'lines')}`],
      port,
      logFile: scratch.file('socat.log')
    })
}
