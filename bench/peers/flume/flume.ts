import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { throughputConfiguration } from '../../harness/agent.ts'
import type { Contestant } from '../../harness/contestant.ts'
import { MeasuredProcess } from '../../harness/measured-process.ts'
import { firstMatch } from '../first-match.ts'

const CACHE = join(
  process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
  'millrace-bench',
  'flume-1.11.0'
)
const JARS = join(CACHE, 'lib')
const COMPLETE = join(CACHE, 'complete')

/** Apache Flume 1.11.0 with the very configuration file that our agent gets. */
export const flume: Contestant = {
  name: 'flume',
  version() {
    if (!existsSync(COMPLETE)) return undefined
    const java = firstMatch('java', ['-version'], /version "([^"]+)"/)
    return java === undefined ? undefined : `1.11.0 on Java ${java}`
  },
  start({ scratch, port, output }) {
    const file = scratch.file('apache-flume.conf')
    writeFileSync(file, throughputConfiguration(port, output))
    return MeasuredProcess.start({
      command: 'java',
      args: [
        '-Xmx512m',
        `-Dlog4j2.configurationFile=${join(import.meta.dirname, 'log4j2.xml')}`,
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
}

/** Resolves Flume's jars with Maven into the user's cache, once; resolves to why that failed. */
export function installFlume(): string | undefined {
  if (existsSync(COMPLETE)) return undefined
  rmSync(CACHE, { recursive: true, force: true })
  mkdirSync(CACHE, { recursive: true })
  copyFileSync(join(import.meta.dirname, 'pom.xml'), join(CACHE, 'pom.xml'))
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
