import type { Kind } from '../../core/plan.ts'

/** Properties of types of Flume that are not in this version which work although its guide does not list them, as in a definition. */
const UNDOCUMENTED: Readonly<Record<string, readonly string[]>> = {
  'source exec': ['charset'],
  'source jms': ['destinationLocator', 'errorThreshold', 'pollTimeout'],
  'source kafka': ['header.'],
  'source syslogtcp': ['format.'],
  'source syslogudp': ['format.'],
  'source thrift': ['protocol'],
  'sink asynchbase': ['enableWal', 'maxConsecutiveFails'],
  'sink hbase': ['enableWal'],
  'sink hbase2': ['enableWal'],
  'sink hive': ['idleTimeout', 'round'],
  'sink kafka': ['timestampHeader', 'header.'],
  'sink morphline': ['morphlineVariable.'],
  'sink morphline_solr': ['morphlineVariable.'],
  'sink thrift': ['protocol'],
  'interceptor morphline': ['morphlineVariable.']
}

/** Those of a type. */
export function undocumentedKeys(kind: Kind, type: string): readonly string[] {
  return UNDOCUMENTED[`${kind} ${type}`] ?? []
}
