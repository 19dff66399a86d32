import type { FindingEntry, Problem, Properties, Reach, Written } from '../../../core/component.ts'
import { parseJavaBoolean, parseJavaLong } from '../../../core/numbers.ts'

/** What only this sink says, and how grave it is. */
export const FINDINGS = {
  HDFS_DEFAULT_ROLL: warning(
    'A roll trigger of the HDFS sink is left at its default (30 s, 1024 B, 10 events).'
  ),
  HDFS_SMALL_FILES: warning('The roll triggers give a flood of tiny files.'),
  HDFS_NEVER_ROLLS: warning('No trigger ever closes a file.'),
  HDFS_NO_TIMESTAMP: warning('Time escapes need a timestamp header that nothing sets.'),
  'HDFS_TIMESTAMP_UPSTREAM?': info('Time escapes need a timestamp header that must come with the events.'),
  HDFS_DEFAULT_SEQUENCEFILE: info('Files are written as binary SequenceFile, the default.'),
  HDFS_PORT_9000: info('The NameNode is addressed on port 9000.'),
  S3N_SCHEME: warning('The s3n: scheme does not exist any more.')
} as const satisfies Readonly<Record<string, FindingEntry>>

function warning(meaning: string): { readonly level: 'warning'; readonly meaning: string } {
  return { level: 'warning', meaning }
}

function info(meaning: string): { readonly level: 'info'; readonly meaning: string } {
  return { level: 'info', meaning }
}

function problem(code: keyof typeof FINDINGS, key: string, message: string, hint: string): Problem {
  return { level: FINDINGS[code].level, code, key, message, hint }
}

/** Says where a default or a path surprises. */
export function lintHdfs({ name, prefix, properties }: Written): Problem[] {
  return [
    ...defaultTriggers(name, prefix, properties),
    ...triggers(name, properties),
    ...pathProblems(properties['hdfs.path']),
    ...fileType(name, properties),
    ...undocumented(properties),
    ...lzo(properties['hdfs.codeC'])
  ]
}

const TRIGGERS = [
  ['hdfs.rollInterval', 30, 's'],
  ['hdfs.rollSize', 1024, 'bytes'],
  ['hdfs.rollCount', 10, 'events']
] as const

function defaultTriggers(name: string, prefix: string, properties: Properties): Problem[] {
  const left = TRIGGERS.filter(([key]) => properties[key] === undefined)
  if (left.length === 0) return []
  const shown = left.map(([key, otherwise, unit]) => `${key.slice('hdfs.'.length)} = ${otherwise} ${unit}`)
  return [
    problem(
      'HDFS_DEFAULT_ROLL',
      left[0]?.[0] ?? '',
      `${name} rolls files by ${shown.join(', ')}, the default.`,
      `Set ${left.map(([key]) => prefix + key).join(', ')}; 0 switches a trigger off.`
    )
  ]
}

function triggers(name: string, properties: Properties): Problem[] {
  // What is refused has its own finding; nothing is said of what the default would do.
  const value = (key: string, otherwise: number): number => {
    const given = properties[`hdfs.${key}`]
    return given === undefined ? otherwise : Number(parseJavaLong(given) ?? NaN)
  }
  const [size, count] = [value('rollSize', 1024), value('rollCount', 10)]
  const found: Problem[] = []
  if ((count > 0 && count <= 10) || (size > 0 && size <= 1024)) {
    const [key, every] =
      count > 0 && count <= 10
        ? (['hdfs.rollCount', `every ${count} events`] as const)
        : (['hdfs.rollSize', `every ${size} bytes`] as const)
    found.push(
      problem(
        'HDFS_SMALL_FILES',
        key,
        `${name} begins a new file ${every}; that floods the file system.`,
        'Set hdfs.rollCount = 0 and hdfs.rollSize to about the block size, 134217728.'
      )
    )
  }
  if (size <= 0 && count <= 0 && value('rollInterval', 30) <= 0 && value('idleTimeout', 0) <= 0) {
    found.push(
      problem(
        'HDFS_NEVER_ROLLS',
        'hdfs.rollInterval',
        `Nothing ever closes a file of ${name}; it keeps its in-use name until the agent stops.`,
        'Set hdfs.rollInterval, hdfs.rollSize, hdfs.rollCount or hdfs.idleTimeout above 0.'
      )
    )
  }
  return found
}

function pathProblems(path = ''): Problem[] {
  const found: Problem[] = []
  if (/^s3n:/i.test(path)) {
    found.push(
      problem('S3N_SCHEME', 'hdfs.path', 'The scheme s3n: was removed from Hadoop.', 'Write s3a://.')
    )
  }
  if (/^hdfs:\/\/[^/]*:9000(?!\d)/i.test(path)) {
    const message = 'The NameNode is addressed on port 9000; current clusters use 8020.'
    found.push(problem('HDFS_PORT_9000', 'hdfs.path', message, 'Check fs.defaultFS in core-site.xml.'))
  }
  return found
}

function fileType(name: string, properties: Properties): Problem[] {
  if (properties['hdfs.fileType'] !== undefined) return []
  const message = `${name} writes binary SequenceFiles, the default.`
  const hint = 'Write hdfs.fileType = DataStream for text.'
  return [problem('HDFS_DEFAULT_SEQUENCEFILE', 'hdfs.fileType', message, hint)]
}

function undocumented(properties: Properties): Problem[] {
  return ['hdfs.callTimeout', 'hdfs.useRawLocalFileSystem']
    .filter(key => properties[key] !== undefined)
    .map(key => ({
      level: 'info',
      code: 'UNDOC_PROP',
      key,
      message: `${key} works, although Flume’s guide does not list it or calls it deprecated.`,
      hint: ''
    }))
}

function lzo(codec = ''): Problem[] {
  if (!isLzo(codec)) return []
  const message = `Flume would need extra libraries for ${codec}.`
  return [{ level: 'info', code: 'EXTRA_JARS', key: 'hdfs.codeC', message, hint: '' }]
}

/** A codec of Flume for which Hadoop needs a library that it does not bring. */
export function isLzo(codec: string): boolean {
  return /lzop?(?:codec)?$/i.test(codec)
}

const TIME_ESCAPE = /%[aAbBcdeDHkIljmnMpsStyYz]/

/** Says that time escapes need a header which the events do not have, or may not have. */
export function lintTimestamp({ prefix, properties }: Written, reach: Reach): Problem[] {
  const key = ['hdfs.path', 'hdfs.filePrefix'].find(name => TIME_ESCAPE.test(properties[name] ?? ''))
  const answer = reach('timestamp')
  if (
    key === undefined ||
    answer === 'always' ||
    parseJavaBoolean(properties['hdfs.useLocalTimeStamp'] ?? '')
  )
    return []
  const who = answer === 'never' ? 'nothing sets it' : 'it must come with the events'
  return [
    problem(
      answer === 'never' ? 'HDFS_NO_TIMESTAMP' : 'HDFS_TIMESTAMP_UPSTREAM?',
      key,
      `${prefix}${key} has time escapes, which need the header timestamp; ${who}.`,
      `Write ${prefix}hdfs.useLocalTimeStamp = true, or add a timestamp interceptor to the source.`
    )
  ]
}
