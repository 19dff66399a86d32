import type { KnownType } from './known-type.ts'

const FILE = `checkpointDir useDualCheckpoints backupCheckpointDir compressBackupCheckpoint dataDirs transactionCapacity:int
  checkpointInterval:long maxFileSize:long minimumRequiredSpace:long use-log-replay-v1 use-fast-replay checkpointOnClose
  fsyncPerTransaction fsyncInterval:int encryption.keyProvider encryption.activeKey encryption.cipherProvider
  encryption.keyProvider.*`

/** Channels of Flume that are not in this version. */
export const KNOWN_CHANNELS: readonly KnownType[] = [
  {
    kind: 'channel', type: 'file', classes: ['org.apache.flume.channel.file.FileChannel'], keys: `${FILE} capacity:int keep-alive:int`,
    transaction: { key: 'transactionCapacity', default: 10_000 }, capacity: { key: 'capacity', default: 1_000_000 },
    rules: given => [...dualCheckpoints(given), ...encryption(given)]
  },
  {
    kind: 'channel', type: 'spillablememory', classes: ['org.apache.flume.channel.SpillableMemoryChannel'],
    keys: `${FILE} memoryCapacity:~int=10000 overflowCapacity:~int=100000000 overflowTimeout:~int=3
      overflowDeactivationThreshold:~int=5
      byteCapacity:~long byteCapacityBufferPercentage:~int=20 avgEventSize:~int=500 capacity keep-alive`,
    transaction: { key: 'transactionCapacity', default: 10_000 }, capacity: { key: 'overflowCapacity', default: 100_000_000 },
    rules: given => [...dualCheckpoints(given), ...encryption(given)]
  },
  {
    kind: 'channel', type: 'kafka', classes: ['org.apache.flume.channel.kafka.KafkaChannel'],
    keys: `kafka.bootstrap.servers|brokerList! kafka.topic|topic kafka.consumer.group.id|groupId parseAsFlumeEvent
      kafka.pollTimeout:long pollTimeout defaultPartitionId:int partitionIdHeader kafka.consumer.* kafka.producer.*
      readSmallestOffset migrateZookeeperOffsets zookeeperConnect`,
    deprecated: ['brokerList', 'topic', 'groupId', 'readSmallestOffset', 'zookeeperConnect']
  },
  {
    kind: 'channel', type: 'pseudotxnmemory', classes: ['org.apache.flume.channel.PseudoTxnMemoryChannel'],
    keys: 'capacity:int>0 keep-alive:int'
  }
]

type Given = Readonly<Record<string, string>>

function dualCheckpoints (given: Given) {
  if ((given['useDualCheckpoints'] ?? '').toLowerCase() !== 'true') return []
  const backup = given['backupCheckpointDir']
  if (backup === undefined) {
    return [problem('backupCheckpointDir', 'Dual checkpointing is enabled, but the backup directory is not set. Please set backupCheckpointDir to enable dual checkpointing.')]
  }
  return backup === given['checkpointDir']
    ? [problem('backupCheckpointDir', 'The checkpoint backup directory and the checkpoint directory are configured to be the same.')]
    : []
}

function encryption (given: Given) {
  const provider = given['encryption.keyProvider'] !== undefined
  return ['encryption.activeKey', 'encryption.cipherProvider']
    .filter(key => (given[key] !== undefined) !== provider)
    .map(key => problem(key, provider
      ? `Encryption configuration problem: ${key.slice(11)} is missing.`
      : `Encryption configuration problem: ${key.slice(11)} is present while key provider name is not.`))
}

function problem (key: string, message: string) {
  return { level: 'error', code: 'MISSING_REQUIRED', key, message, hint: `See the manual for ${key}.` } as const
}
