export type {
  KafkaAcknowledgement,
  KafkaAdmin,
  KafkaAssigner,
  KafkaBatch,
  KafkaBroker,
  KafkaClient,
  KafkaCluster,
  KafkaConsumer,
  KafkaConsumerConfig,
  KafkaFetchedBatch,
  KafkaHeaderValue,
  KafkaMessage,
  KafkaOffset,
  KafkaPartitions,
  KafkaProducer,
  KafkaProducerConfig,
  KafkaRecord,
  KafkaRetry,
  KafkaTransaction,
} from './client.ts'
export { kafka, type KafkaConnection, type KafkaConnectOptions, type KafkaOptions } from './kafka.ts'
export { openUrl } from './open-url.ts'
export type { ForeignPolicy, TopicOptions } from './options.ts'
export { createTopic, type CreateTopicOptions } from './topic.ts'
