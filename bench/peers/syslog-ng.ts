import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Contestant, Place } from '../harness/contestant.ts'
import { MeasuredProcess } from '../harness/measured-process.ts'
import { firstMatch } from './first-match.ts'

const version = () => firstMatch('syslog-ng', ['-V'], /^syslog-ng .*\(([\d.]+)\)/m)

/** syslog-ng: tcp → file, lines written as they came. Only a process of our own is started, with its own files. */
export const syslogNg: Contestant = {
  name: 'syslog-ng',
  version,
  start: place => start(place, ''),
  durable: {
    name: 'syslog-ng durable',
    version,
    share: 0.3,
    start: place =>
      start(
        place,
        `disk-buffer(reliable(yes) disk-buf-size(1073741824) mem-buf-size(16777216) dir("${place.scratch.path}"))`
      )
  }
}

function start({ scratch, port, output }: Place, queue: string): Promise<MeasuredProcess> {
  const file = scratch.file('syslog-ng.conf')
  writeFileSync(file, configuration(port, join(output, 'lines'), queue))
  return MeasuredProcess.start({
    command: 'syslog-ng',
    args: [
      '--foreground',
      '--no-caps',
      '-f',
      file,
      '-R',
      scratch.file('persist'),
      '-p',
      scratch.file('pid'),
      '-c',
      scratch.file('control')
    ],
    port,
    logFile: scratch.file('syslog-ng.log')
  })
}

function configuration(port: number, output: string, queue: string): string {
  return `
@version: 3.35
options { log-msg-size(65536); flush-lines(1000); stats-freq(0); };
source lines {
  network(ip("127.0.0.1") port(${port}) transport("tcp") flags(no-parse) log-fetch-limit(1000) log-iw-size(100000));
};
destination file { file("${output}" template("$MSG\\n") log-fifo-size(200000) ${queue}); };
log { source(lines); destination(file); flags(flow-control); };
`
}
