import type { KnownType } from './known-type.ts'

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
