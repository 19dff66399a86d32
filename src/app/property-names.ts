import { AgentError } from '../core/errors.ts'
import { nearest } from '../core/nearest.ts'

/** System properties of Flume that are taken, here or by a Flume. */
const KNOWN = [
  'flume.root.logger',
  'flume.log.dir',
  'flume.log.file',
  'flume.log.roll',
  'flume.stop.timeout',
  'flume.called.from.service',
  'flume.monitoring.type',
  'flume.monitoring.port',
  'flume.monitoring.bind',
  'flume.monitoring.hosts',
  'flume.monitoring.pollFrequency',
  'flume.monitoring.isGanglia3',
  'flume.ssl.include.protocols',
  'flume.ssl.exclude.protocols',
  'flume.ssl.include.cipherSuites',
  'flume.ssl.exclude.cipherSuites',
  'org.apache.flume.log.printconfig',
  'org.apache.flume.log.rawdata',
  'propertiesImplementation'
]

/** Throws ERR_CONFIG for a system property that is one of Flume's, misspelt; any other name is somebody else's. */
export function checkPropertyNames(properties: Readonly<Record<string, string>>): void {
  for (const name of Object.keys(properties)) {
    const meant = KNOWN.includes(name) ? undefined : KNOWN.find(known => resembles(name, known))
    if (meant === undefined) continue
    throw new AgentError('ERR_CONFIG', `-D${name} is no property of the agent. Did you mean -D${meant}?`)
  }
}

/** Part by part the same but for a slip: `flume.montoring.type`, `flume.monitor.type`, `flume.monitoring.Type`. */
function resembles(name: string, known: string): boolean {
  const [parts, others] = [name.split('.'), known.split('.')]
  return (
    parts.length === others.length &&
    parts.every((part, at) => {
      const other = others[at] ?? ''
      const begins = part.length >= 4 && other.toLowerCase().startsWith(part.toLowerCase())
      return part === other || begins || nearest(part, [other]) !== undefined
    })
  )
}
