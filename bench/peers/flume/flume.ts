import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import {
  configuration,
  durableConfiguration,
  fileChannel,
  fileRoll,
  throughputConfiguration,
  WIDE_CHANNEL
} from '../../harness/agent.ts'
import type { Contestant, Place } from '../../harness/contestant.ts'
import { makeLines } from '../../harness/lines.ts'
import { MeasuredProcess } from '../../harness/measured-process.ts'
import { firstMatch } from '../first-match.ts'

const CACHE = join(
  process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
  'millrace-bench',
  'flume-1.11.0'
)
const JARS = join(CACHE, 'lib')
const COMPLETE = join(CACHE, 'complete')
/** The same Flume as in test/services. */
const SERVICE = join(import.meta.dirname, '..', '..', '..', 'test', 'services', 'flume')
const POM = join(SERVICE, 'pom.xml')

/** Whether what the list of artifacts asks for is there. */
function isInstalled(): boolean {
  return existsSync(COMPLETE) && readFileSync(POM, 'utf8') === readFileSync(join(CACHE, 'pom.xml'), 'utf8')
}

function version(): string | undefined {
  if (!isInstalled()) return undefined
  const java = firstMatch('java', ['-version'], /version "([^"]+)"/)
  return java === undefined ? undefined : `1.11.0 on Java ${java}`
}

/** Apache Flume 1.11.0 with the very configuration file that our agent gets. */
export const flume: Contestant = {
  name: 'flume',
  version,
  start: place => start(place, throughputConfiguration(place.port, place.output)),
  acknowledging: {
    name: 'flume',
    version,
    start: place =>
      start(place, configuration(place.port, { channel: WIDE_CHANNEL, sink: fileRoll(place.output) }))
  },
  // Its netcat source puts single events, and each would wait for a sync: taildir puts whole batches.
  durable: {
    name: 'flume file channel',
    version,
    share: 0.3,
    start: place =>
      start(place, tailing(place), ['-Dflume.monitoring.type=http', `-Dflume.monitoring.port=${place.port}`]),
    async feed({ scratch }, lines) {
      const file = scratch.file('input')
      writeFileSync(file, makeLines(0, lines))
      renameSync(file, join(scratch.folder('tailed'), 'lines'))
      return process.hrtime.bigint()
    }
  }
}

function start(
  { scratch, port }: Place,
  configuration: string,
  flags: readonly string[] = []
): Promise<MeasuredProcess> {
  const file = scratch.file('apache-flume.conf')
  writeFileSync(file, configuration)
  return MeasuredProcess.start({
    command: 'java',
    args: [
      '-Xmx512m',
      `-Dlog4j2.configurationFile=${join(SERVICE, 'log4j2.xml')}`,
      ...flags,
      '-cp',
      join(JARS, '*'),
      'org.apache.flume.node.Application',
      '--no-reload-conf',
      '-n',
      'a',
      '-f',
      file
    ],
    port,
    logFile: scratch.file('apache-flume.log')
  })
}

/** taildir → file channel → file_roll. */
function tailing({ scratch, port, output }: Place): string {
  const source = {
    type: 'TAILDIR',
    filegroups: 'all',
    'filegroups.all': join(scratch.folder('tailed'), '.*'),
    batchSize: 10_000,
    maxBatchCount: 1_000_000,
    positionFile: scratch.file('positions.json')
  }
  const text = durableConfiguration(port, output, fileChannel(scratch))
  return [
    ...text.split('\n').filter(line => !/^a\.sources\.s1\.(type|bind|port|ack-every-event) /.test(line)),
    ...Object.entries(source).map(([key, value]) => `a.sources.s1.${key} = ${value}`),
    ''
  ].join('\n')
}

/** Resolves Flume's jars with Maven into the user's cache, once; resolves to why that failed. */
export function installFlume(): string | undefined {
  if (isInstalled()) return undefined
  rmSync(CACHE, { recursive: true, force: true })
  mkdirSync(CACHE, { recursive: true })
  copyFileSync(POM, join(CACHE, 'pom.xml'))
  const { status, error } = spawnSync(
    'mvn',
    [
      '-q',
      '-B',
      '-f',
      join(CACHE, 'pom.xml'),
      'dependency:copy-dependencies',
      '-DincludeScope=runtime',
      `-DoutputDirectory=${JARS}`
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] }
  )
  if (status !== 0) return error === undefined ? 'Maven could not resolve it' : 'there is no Maven'
  writeFileSync(COMPLETE, '')
  return undefined
}
