import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Contestant, Place } from '../harness/contestant.ts'
import { MeasuredProcess } from '../harness/measured-process.ts'
import { firstMatch } from './first-match.ts'

const MEMORY_QUEUE =
  'queue.type="FixedArray" queue.size="100000" queue.dequeueBatchSize="1000" queue.workerThreads="1"'

/** Every entry is synced before it counts: as slow as that is. */
const DISK_QUEUE =
  'queue.type="Disk" queue.filename="queue" queue.syncQueueFiles="on" queue.checkpointInterval="1" ' +
  'queue.dequeueBatchSize="1000" queue.workerThreads="1"'

const version = () => firstMatch('rsyslogd', ['-v'], /^rsyslogd\s+(\S+)/)

/**
 * rsyslog: imtcp → in-memory queue → omfile, lines written as they came; one worker, as more of them change the order.
 * Only a process of our own is started.
 */
export const rsyslog: Contestant = {
  name: 'rsyslog',
  version,
  start: place => start(place, MEMORY_QUEUE),
  durable: { name: 'rsyslog durable', version, share: 0.005, start: place => start(place, DISK_QUEUE) }
}

function start({ scratch, port, output }: Place, queue: string): Promise<MeasuredProcess> {
  const file = scratch.file('rsyslog.conf')
  writeFileSync(
    file,
    configuration({ workDirectory: scratch.path, port, output: join(output, 'lines'), queue })
  )
  return MeasuredProcess.start({
    command: 'rsyslogd',
    args: ['-n', '-f', file, '-i', scratch.file('rsyslog.pid')],
    port,
    logFile: scratch.file('rsyslog.log')
  })
}

interface Settings {
  readonly workDirectory: string
  readonly port: number
  readonly output: string
  readonly queue: string
}

function configuration({ workDirectory, port, output, queue }: Settings): string {
  return `
global(workDirectory="${workDirectory}" maxMessageSize="64k")
main_queue(${queue})
module(load="imtcp")
template(name="line" type="list") { property(name="rawmsg") constant(value="\\n") }
ruleset(name="lines") {
  action(type="omfile" file="${output}" template="line" ioBufferSize="64k")
}
input(type="imtcp" address="127.0.0.1" port="${port}" ruleset="lines" supportOctetCountedFraming="off")
`
}
