import type { Problem, Written } from '../../core/component.ts'

const NEW_NAMES: Readonly<Record<string, string>> = {
  brokerList: 'kafka.bootstrap.servers',
  topic: 'kafka.topic',
  groupId: 'kafka.consumer.group.id',
  batchSize: 'flumeBatchSize',
  requiredAcks: 'kafka.producer.acks',
  readSmallestOffset: 'kafka.consumer.auto.offset.reset',
  zookeeperConnect: 'kafka.bootstrap.servers',
  'serializer.class': 'kafka.producer.value.serializer',
  'key.serializer.class': 'kafka.producer.key.serializer'
}

/** Old names of Kafka settings that are written; `topic` is what `topic` is called now. */
export function deprecatedKeys(
  { prefix, properties }: Written,
  old: readonly string[],
  topic: string
): Problem[] {
  return old
    .filter(name => properties[name] !== undefined)
    .map(name => {
      const newName = name === 'topic' ? topic : (NEW_NAMES[name] ?? '')
      return {
        level: 'warning',
        code: 'DEPRECATED_KAFKA',
        key: name,
        message: `${name} is deprecated. Please use the parameter ${newName}.`,
        hint: `Write ${prefix}${newName}.`
      }
    })
}

/** A key that Flume's guide misspells. */
export function misspelled({ properties }: Written): Problem[] {
  const key = 'kafka.flumeBatchSize'
  if (properties[key] === undefined) return []
  return [
    {
      level: 'warning',
      code: 'DOC_EXAMPLE_WRONG_KEY',
      key,
      message: `${key} is not a property of this component and is ignored.`,
      hint: 'Write flumeBatchSize; Flume’s guide misspells it.'
    }
  ]
}

/** ZooKeeper where the brokers should be. */
export function zooKeeperOnly({ name, prefix, properties }: Written): Problem[] {
  if (properties['zookeeperConnect'] === undefined || properties['kafka.bootstrap.servers'] !== undefined)
    return []
  return [
    {
      level: 'warning',
      code: 'KAFKA_ZK_ONLY',
      key: 'zookeeperConnect',
      message: `${name} names ZooKeeper but no broker; Kafka 4 has no ZooKeeper to ask.`,
      hint: `Write ${prefix}kafka.bootstrap.servers = host:9092.`
    }
  ]
}
