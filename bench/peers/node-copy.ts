import { join } from 'node:path'
import type { Contestant } from '../harness/contestant.ts'
import { MeasuredProcess } from '../harness/measured-process.ts'

/** The least a Node program can do: copy the bytes. Always there, so the baseline is kept against it. */
export const nodeCopy: Contestant = {
  name: 'node-copy',
  version: () => process.version,
  start: ({ scratch, port, output }) =>
    MeasuredProcess.start({
      command: process.execPath,
      args: [join(import.meta.dirname, '../copy.ts'), String(port), join(output, 'lines')],
      port,
      logFile: scratch.file('node-copy.log')
    })
}
