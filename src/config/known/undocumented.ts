import type { Kind } from '../../core/plan.ts'

/** Properties that work although Flume's guide does not list them, by kind and type; a dot at the end stands for all below. */
const UNDOCUMENTED: Readonly<Record<string, readonly string[]>> = {
  'source exec': ['charset'],
  'source jms': ['destinationLocator', 'errorThreshold', 'pollTimeout'],
  'source kafka': ['header.'],
  'source netcat': ['encoding'],
  'source syslogtcp': ['format.'],
  'source syslogudp': ['format.'],
  'source thrift': ['protocol'],
  'channel file': ['compressBackupCheckpoint', 'fsyncPerTransaction', 'fsyncInterval'],
  'channel spillablememory': ['overflowDeactivationThreshold'],
  'sink asynchbase': ['enableWal', 'maxConsecutiveFails'],
  'sink hbase': ['enableWal'],
  'sink hbase2': ['enableWal'],
  'sink hive': ['idleTimeout', 'round'],
  'sink kafka': ['timestampHeader', 'header.'],
  'sink morphline': ['morphlineVariable.'],
  'sink morphline_solr': ['morphlineVariable.'],
  'sink null': ['logEveryNEvents'],
  'sink thrift': ['protocol'],
  'interceptor morphline': ['morphlineVariable.']
}

/** Which of the keys are such properties. */
export function undocumented(kind: Kind, type: string, keys: Iterable<string>): string[] {
  const names = UNDOCUMENTED[`${kind} ${type}`] ?? []
  return [...keys].filter(key =>
    names.some(name => (name.endsWith('.') ? key.startsWith(name) : key === name))
  )
}
