import { inner } from '../../../core/inner.ts'
import type { Values } from '../../../core/schema.ts'
import { choice, flag, integer, long, optional, prefixed, text } from '../../../core/schema.ts'
import { secret } from '../../../java/secret.ts'

/** Every setting of the sink. */
export const settings = {
  path: text('hdfs.path', {
    doc: 'Folder to write to: a URI, or a path in the default store. Escape sequences are filled in per event.'
  }),
  filePrefix: text('hdfs.filePrefix', {
    doc: 'Start of file names; escape sequences are filled in.',
    default: 'FlumeData'
  }),
  fileSuffix: text('hdfs.fileSuffix', {
    doc: 'End of file names, as it stands (write the dot). Replaces the extension of the codec.',
    default: ''
  }),
  inUsePrefix: text('hdfs.inUsePrefix', { doc: 'Put before the name while a file is open.', default: '' }),
  inUseSuffix: text('hdfs.inUseSuffix', {
    doc: 'Put behind the name while a file is open.',
    default: '.tmp'
  }),
  emptyInUseSuffix: flag('hdfs.emptyInUseSuffix', {
    doc: 'True: nothing behind the name while a file is open.',
    default: false
  }),
  rollInterval: long('hdfs.rollInterval', {
    doc: 'A file is complete this long after it was opened; 0 and below: never.',
    default: 30,
    unit: 's'
  }),
  rollSize: long('hdfs.rollSize', {
    doc: 'A file is complete once it holds this many bytes of bodies; 0 and below: never.',
    default: 1024,
    unit: 'bytes'
  }),
  rollCount: long('hdfs.rollCount', {
    doc: 'A file is complete once it holds this many events; 0 and below: never.',
    default: 10,
    unit: 'events'
  }),
  idleTimeout: long('hdfs.idleTimeout', {
    doc: 'A file is complete once nothing was written to it for this long; 0 and below: never.',
    default: 0,
    unit: 's'
  }),
  batchSize: long('hdfs.batchSize', {
    doc: 'Most events taken from the channel at a time; each such batch is flushed.',
    default: 100,
    min: 1,
    unit: 'events'
  }),
  codec: optional(
    text('hdfs.codeC', {
      doc: "Compression: none, gzip, bzip2, deflate, snappy, lz4, zstandard, or the name of Hadoop's class."
    })
  ),
  fileType: choice('hdfs.fileType', ['SequenceFile', 'DataStream', 'CompressedStream'], {
    doc: "DataStream writes what the serializer gives, CompressedStream the same compressed, SequenceFile Hadoop's binary form.",
    default: 'SequenceFile'
  }),
  writeFormat: text('hdfs.writeFormat', {
    doc: 'Values of a SequenceFile: Writable or Text, in this spelling.',
    default: 'Writable'
  }),
  writeFormatOptions: prefixed('writeFormat.', {
    doc: 'Options of a Java class in hdfs.writeFormat; not used.'
  }),
  serializer: inner('serializer', 'serializer', {
    doc: 'What a DataStream or CompressedStream holds of each event. Written without hdfs. in front.',
    default: 'text'
  }),
  maxOpenFiles: integer('hdfs.maxOpenFiles', {
    doc: 'Most files open at a time; the one not used for longest is completed to make room.',
    default: 5000,
    min: 1,
    unit: 'files'
  }),
  minBlockReplicas: optional(
    integer('hdfs.minBlockReplicas', {
      doc: 'Without effect, and a finding says so: no store of this version counts the replicas of the block in hand.',
      min: 0
    })
  ),
  threadsPoolSize: integer('hdfs.threadsPoolSize', {
    doc: 'Most files that are written, and most that are closed, at the same time.',
    default: 10,
    min: 1
  }),
  rollTimerPoolSize: integer('hdfs.rollTimerPoolSize', {
    doc: 'Accepted and without effect: timers need no threads here.',
    default: 1
  }),
  callTimeout: long('hdfs.callTimeout', {
    doc: 'Longest time that one call to the store may take; 0 and below: for ever.',
    default: 30_000,
    unit: 'ms'
  }),
  closeTries: integer('hdfs.closeTries', {
    doc: 'Attempts to close and to rename a file; 0 and below: until it works.',
    default: 0
  }),
  retryInterval: long('hdfs.retryInterval', {
    doc: 'Pause between attempts to close or rename a file; 0 and below: one attempt only.',
    default: 180,
    unit: 's'
  }),
  round: flag('hdfs.round', { doc: 'Rounds the time of escape sequences down.', default: false }),
  roundUnit: text('hdfs.roundUnit', { doc: 'second, minute or hour.', default: 'second' }),
  roundValue: integer('hdfs.roundValue', {
    doc: 'Rounds to multiples of this many units.',
    default: 1,
    lenient: true
  }),
  timeZone: optional(
    text('hdfs.timeZone', { doc: 'Zone of the time in escape sequences; not set: that of the machine.' })
  ),
  useLocalTimeStamp: flag('hdfs.useLocalTimeStamp', {
    doc: 'Takes the time of escape sequences from the clock, not from the header timestamp.',
    default: false
  }),
  kerberosPrincipal: optional(
    text('hdfs.kerberosPrincipal', { doc: 'Refused: simple authentication only in this version.' })
  ),
  kerberosKeytab: optional(
    text('hdfs.kerberosKeytab', { doc: 'Refused: simple authentication only in this version.' })
  ),
  proxyUser: optional(
    text('hdfs.proxyUser', { doc: 'User that the store sees; not set: HADOOP_USER_NAME or the login.' })
  ),
  delegationToken: optional(
    secret('hdfs.delegationToken', {
      doc: 'WebHDFS delegation token of a cluster with Kerberos, got with curl or hdfs fetchdt; replaces user and proxyUser.'
    })
  ),
  useRawLocalFileSystem: flag('hdfs.useRawLocalFileSystem', {
    doc: 'Without effect: local files never get checksum companions, and flushed bytes show at once.',
    default: false
  })
}

export type HdfsSettings = Values<typeof settings>

/** The unit of rounding, or undefined where it is off or its unit unknown. */
export function roundingOf({
  round,
  roundUnit,
  roundValue
}: HdfsSettings): { unit: RoundUnit; value: number } | undefined {
  const unit = ROUND_UNITS.find(known => known === roundUnit.toLowerCase())
  return round && unit !== undefined ? { unit, value: roundValue } : undefined
}

export const ROUND_UNITS = ['second', 'minute', 'hour'] as const
export type RoundUnit = (typeof ROUND_UNITS)[number]
