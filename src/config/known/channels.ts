import { deprecatedKeys } from './kafka.ts'
import type { KnownType } from './known-type.ts'

const OLD_KAFKA = ['brokerList', 'topic', 'groupId', 'readSmallestOffset', 'zookeeperConnect']

/** Channels of Flume that are not in this version. */
export const KNOWN_CHANNELS: readonly KnownType[] = [
  {
    kind: 'channel',
    type: 'kafka',
    classes: ['org.apache.flume.channel.kafka.KafkaChannel'],
    keys: `kafka.bootstrap.servers|brokerList! kafka.topic|topic kafka.consumer.group.id|groupId parseAsFlumeEvent
      kafka.pollTimeout:long pollTimeout defaultPartitionId:int partitionIdHeader kafka.consumer.* kafka.producer.*
      readSmallestOffset migrateZookeeperOffsets zookeeperConnect`,
    shared: true,
    lint: written => deprecatedKeys(written, OLD_KAFKA, 'kafka.topic')
  },
  {
    kind: 'channel',
    type: 'pseudotxnmemory',
    classes: ['org.apache.flume.channel.PseudoTxnMemoryChannel'],
    keys: 'capacity:int>0 keep-alive:int'
  }
]
