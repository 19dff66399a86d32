import type { KnownType } from './known-type.ts'

const FILE = `checkpointDir useDualCheckpoints backupCheckpointDir compressBackupCheckpoint dataDirs transactionCapacity:int
  checkpointInterval:long maxFileSize:long minimumRequiredSpace:long use-log-replay-v1 use-fast-replay checkpointOnClose
  fsyncPerTransaction fsyncInterval:int encryption.keyProvider encryption.activeKey encryption.cipherProvider
  encryption.keyProvider.*`

/** Channels of Flume that are not in this version. */
export const KNOWN_CHANNELS: readonly KnownType[] = [
  {
    kind: 'channel',
    type: 'kafka',
    classes: ['org.apache.flume.channel.kafka.KafkaChannel'],
    keys: `kafka.bootstrap.servers|brokerList! kafka.topic|topic kafka.consumer.group.id|groupId parseAsFlumeEvent
      kafka.pollTimeout:long pollTimeout defaultPartitionId:int partitionIdHeader kafka.consumer.* kafka.producer.*
      readSmallestOffset migrateZookeeperOffsets zookeeperConnect`,
    deprecated: ['brokerList', 'topic', 'groupId', 'readSmallestOffset', 'zookeeperConnect']
  },
  {
    kind: 'channel',
    type: 'pseudotxnmemory',
    classes: ['org.apache.flume.channel.PseudoTxnMemoryChannel'],
    keys: 'capacity:int>0 keep-alive:int'
  }
]

type Given = Readonly<Record<string, string>>

function dualCheckpoints(given: Given) {
  if ((given['useDualCheckpoints'] ?? '').toLowerCase() !== 'true') return []
  const backup = given['backupCheckpointDir']
  if (backup === undefined) {
    return [
      problem(
        'backupCheckpointDir',
        'Dual checkpointing is enabled, but the backup directory is not set. Please set backupCheckpointDir to enable dual checkpointing.'
      )
    ]
  }
  return backup === given['checkpointDir']
    ? [
        problem(
          'backupCheckpointDir',
          'The checkpoint backup directory and the checkpoint directory are configured to be the same.'
        )
      ]
    : []
}

function encryption(given: Given) {
  const provider = given['encryption.keyProvider'] !== undefined
  return ['encryption.activeKey', 'encryption.cipherProvider']
    .filter(key => (given[key] !== undefined) !== provider)
    .map(key =>
      problem(
        key,
        provider
          ? `Encryption configuration problem: ${key.slice(11)} is missing.`
          : `Encryption configuration problem: ${key.slice(11)} is present while key provider name is not.`
      )
    )
}

function problem(key: string, message: string) {
  return {
    level: 'error',
    code: 'MISSING_REQUIRED',
    key,
    message,
    hint: `See the manual for ${key}.`
  } as const
}
