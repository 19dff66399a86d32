import type { Problem } from '../../../core/component.ts'
import { messageOf } from '../../../core/errors.ts'
import { splitUri } from '../../../fs/paths.ts'
import { compileBucketPath } from '../../../java/bucket-path.ts'
import { timeZone } from '../../../java/time-zone.ts'
import { isLzo } from './lint.ts'
import { resolveCodec, unsupportedCodec } from '../../../wire/codecs/resolve-codec.ts'
import { splitTemplate } from './file-names.ts'
import { valueOf } from './file-formats.ts'
import { ROUND_UNITS, type HdfsSettings } from './settings.ts'

/** What is wrong between the settings, or with one of them beyond its type. */
export function checkSettings(settings: HdfsSettings): Problem[] {
  return [
    ...pathProblems(settings),
    ...escapeProblems(settings),
    ...codecProblems(settings),
    ...formatProblems(settings),
    ...roundingProblems(settings),
    ...nameProblems(settings),
    ...retryProblems(settings),
    ...replicaProblems(settings),
    ...kerberosProblems(settings)
  ]
}

function pathProblems({ path, useRawLocalFileSystem, timeZone: zone }: HdfsSettings): Problem[] {
  const problems: Problem[] = []
  if (path.trim() === '') {
    problems.push(error('hdfs.path', 'hdfs.path is required', 'Write a URI or a path.', 'MISSING_REQUIRED'))
  }
  const { constant, rest } = splitTemplate(path)
  if (rest !== '' && /^[a-z][a-z0-9+.-]*:\/*$/i.test(constant)) {
    const message = 'hdfs.path has an escape sequence in the host of its URI.'
    problems.push(error('hdfs.path', message, 'Use escape sequences in folder names only.'))
  }
  const { scheme } = splitUri(path)
  if (useRawLocalFileSystem && scheme !== undefined && scheme !== 'file') {
    const message = 'useRawLocalFileSystem is set to true but file system is not of type LocalFileSystem'
    problems.push(warning('hdfs.useRawLocalFileSystem', message, 'Remove the line.'))
  }
  if (zone !== undefined && !timeZone(zone).known) {
    const message = `hdfs.timeZone is "${zone}", which is no time zone; Flume would silently use GMT.`
    problems.push(error('hdfs.timeZone', message, 'Write an id such as Europe/Berlin, UTC or GMT+05:30.'))
  }
  return problems
}

function escapeProblems({ path, filePrefix }: HdfsSettings): Problem[] {
  const host = { localhost: '', ip: '', fqdn: '' }
  return Object.entries({ 'hdfs.path': path, 'hdfs.filePrefix': filePrefix }).flatMap(([key, template]) => {
    try {
      compileBucketPath(template, { useLocalTime: true, host })
      return []
    } catch (cause) {
      return [error(key, messageOf(cause), 'Write %[localhost], %[IP] or %[FQDN].')]
    }
  })
}

function codecProblems({ fileType, codec }: HdfsSettings): Problem[] {
  const found = codec === undefined ? undefined : resolveCodec(codec)
  if (codec !== undefined && found === undefined) {
    const problem = error('hdfs.codeC', unsupportedCodec(codec), 'Name one of these codecs.')
    return [isLzo(codec) ? { ...problem, code: 'NOT_IN_THIS_VERSION' } : problem]
  }
  if (fileType === 'DataStream' && codec !== undefined) {
    const message =
      "fileType: DataStream which does NOT support compressed output. Please don't set codeC or change the fileType " +
      'if compressed output is desired.'
    return [error('hdfs.codeC', message, 'Remove hdfs.codeC, or write hdfs.fileType = CompressedStream.')]
  }
  if (fileType === 'CompressedStream' && (found === undefined || found === 'none')) {
    const message = "It's essential to set compress codec when fileType is: CompressedStream"
    return [
      error(
        'hdfs.codeC',
        message,
        'Add hdfs.codeC = gzip, or another codec.',
        codec === undefined ? 'MISSING_REQUIRED' : 'BAD_VALUE'
      )
    ]
  }
  return []
}

function formatProblems({ fileType, writeFormat, writeFormatOptions, serializer }: HdfsSettings): Problem[] {
  if (fileType !== 'SequenceFile') return []
  const problems: Problem[] = []
  if (serializer.type !== 'text') {
    const message = 'serializer is ignored, because hdfs.fileType is SequenceFile.'
    problems.push(
      warning('serializer', message, 'Write hdfs.fileType = DataStream, or remove the line.', 'UNK_PROP')
    )
  }
  if (valueOf(writeFormat) === undefined) {
    const message = `hdfs.writeFormat is "${writeFormat}"; a SequenceFile takes Writable or Text, in this spelling.`
    problems.push(
      error('hdfs.writeFormat', message, 'Write Writable or Text; Java classes cannot be loaded.')
    )
  }
  for (const key of Object.keys(writeFormatOptions)) {
    const message = `writeFormat.${key} is for Java classes in hdfs.writeFormat and is ignored.`
    problems.push(warning(`writeFormat.${key}`, message, 'Remove the line.', 'UNK_PROP'))
  }
  return problems
}

function roundingProblems({ round, roundUnit, roundValue }: HdfsSettings): Problem[] {
  if (!round) return []
  const unit = ROUND_UNITS.find(known => known === roundUnit.toLowerCase())
  const most = unit === 'hour' ? 24 : 60
  const problems: Problem[] = []
  if (unit === undefined) {
    const message =
      'Rounding unit is not valid, please set one of minute, hour, or second. Rounding will be disabled'
    problems.push(warning('hdfs.roundUnit', message, 'Write second, minute or hour.'))
  }
  if (roundValue < 1 || roundValue > most) {
    problems.push(
      error(
        'hdfs.roundValue',
        `Round value must be > 0 and <= ${most}`,
        `Write a whole number from 1 up to ${most}.`,
        'BAD_NUMBER'
      )
    )
  }
  return problems
}

function nameProblems({ emptyInUseSuffix, inUseSuffix, inUsePrefix }: HdfsSettings): Problem[] {
  const problems: Problem[] = []
  if (emptyInUseSuffix && inUseSuffix !== '.tmp') {
    problems.push(
      warning(
        'hdfs.inUseSuffix',
        'Ignoring parameter hdfs.inUseSuffix: hdfs.emptyInUseSuffix is true.',
        'Remove one of the two.'
      )
    )
  }
  if (inUsePrefix.includes('/') || inUseSuffix.includes('/')) {
    const key = inUsePrefix.includes('/') ? 'hdfs.inUsePrefix' : 'hdfs.inUseSuffix'
    problems.push(
      error(
        key,
        `${key} contains a slash; a file cannot move to another folder when it is complete.`,
        'Write a part of a file name.'
      )
    )
  }
  return problems
}

function retryProblems({ closeTries, retryInterval }: HdfsSettings): Problem[] {
  const problems: Problem[] = []
  if (closeTries < 0) {
    const message = `hdfs.closeTries is ${closeTries}; closing and renaming are tried until they work.`
    problems.push(warning('hdfs.closeTries', message, 'Write 0 for no limit, or a number of attempts.'))
  }
  if (retryInterval <= 0) {
    const message = `hdfs.retryInterval is ${retryInterval}; a failed close or rename is not tried again.`
    problems.push(warning('hdfs.retryInterval', message, 'Write a number of seconds above 0.'))
  }
  return problems
}

/** No store of this version counts the replicas of the block in hand: over WebHDFS there is none between two appends. */
function replicaProblems({ minBlockReplicas }: HdfsSettings): Problem[] {
  if (minBlockReplicas === undefined || minBlockReplicas === 0) return []
  const message =
    'hdfs.minBlockReplicas has no effect: no file is completed early for want of replicas, because neither WebHDFS nor ' +
    'a local store tells how many the block in hand has.'
  const hint = 'Remove the line. HDFS makes up for missing replicas by itself.'
  return [warning('hdfs.minBlockReplicas', message, hint, 'PROP_NO_EFFECT')]
}

function kerberosProblems({ kerberosPrincipal: principal, kerberosKeytab: keytab }: HdfsSettings): Problem[] {
  if (principal === undefined && keytab === undefined) return []
  const key = principal === undefined ? 'hdfs.kerberosKeytab' : 'hdfs.kerberosPrincipal'
  const message = 'Kerberos is not in this version: simple authentication only.'
  const hint =
    'Remove hdfs.kerberosPrincipal and hdfs.kerberosKeytab, or write through WebHDFS with a delegation token.'
  return [error(key, message, hint, 'NOT_IN_THIS_VERSION')]
}

function error(key: string, message: string, hint: string, code = 'BAD_VALUE'): Problem {
  return { level: 'error', code, key, message, hint }
}

function warning(key: string, message: string, hint: string, code = 'BAD_VALUE'): Problem {
  return { level: 'warning', code, key, message, hint }
}
