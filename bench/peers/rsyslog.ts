import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Contestant } from '../harness/contestant.ts'
import { MeasuredProcess } from '../harness/measured-process.ts'
import { firstMatch } from './first-match.ts'

/**
 * rsyslog: imtcp → in-memory queue → omfile, lines written as they came; one worker, as more of them change the order.
 * Only a process of our own is started.
 */
export const rsyslog: Contestant = {
  name: 'rsyslog',
  version: () => firstMatch('rsyslogd', ['-v'], /^rsyslogd\s+(\S+)/),
  start({ scratch, port, output }) {
    const file = scratch.file('rsyslog.conf')
    writeFileSync(file, configuration(scratch.path, port, join(output, 'lines')))
    return MeasuredProcess.start({
      command: 'rsyslogd',
      args: ['-n', '-f', file, '-i', scratch.file('rsyslog.pid')],
      port,
      logFile: scratch.file('rsyslog.log')
    })
  }
}

function configuration(workDirectory: string, port: number, output: string): string {
  return `
global(workDirectory="${workDirectory}" maxMessageSize="64k")
main_queue(queue.type="FixedArray" queue.size="100000" queue.dequeueBatchSize="1000" queue.workerThreads="1")
module(load="imtcp")
template(name="line" type="list") { property(name="rawmsg") constant(value="\\n") }
ruleset(name="lines") {
  action(type="omfile" file="${output}" template="line" ioBufferSize="64k")
}
input(type="imtcp" address="127.0.0.1" port="${port}" ruleset="lines" supportOctetCountedFraming="off")
`
}
