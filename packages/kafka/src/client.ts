/*
 * The parts of kafkajs that are used, so that neither it nor its types have to be installed for ours, and any
 * client of that shape will do. `test/client.test-d.ts` holds them against the real ones.
 */

/** Values of a record's headers as they come from a broker: repeated names come as lists. */
export type KafkaHeaderValue = Buffer | string | (Buffer | string)[] | undefined

/** A record as it is read. */
export interface KafkaMessage {
  readonly key: Buffer | null
  readonly value: Buffer | null
  /** Milliseconds since the epoch, in decimal. */
  readonly timestamp: string
  readonly offset: string
  readonly headers?: { readonly [name: string]: KafkaHeaderValue } | undefined
}

/** A record as it is written. */
export interface KafkaRecord {
  readonly key: string
  readonly value: Buffer | string
  readonly partition: number
  readonly headers: { [name: string]: string }
  readonly timestamp: string
}

/** How often and how long a call is tried again. */
export interface KafkaRetry {
  readonly initialRetryTime?: number
  readonly multiplier?: number
  readonly maxRetryTime?: number
  readonly retries?: number
  readonly restartOnFailure?: (error: Error) => Promise<boolean>
}

export interface KafkaBatch {
  readonly acks: -1
  readonly timeout: number
  readonly topicMessages: { readonly topic: string; readonly messages: KafkaRecord[] }[]
}

/** What a broker says of one partition that was written to. */
export interface KafkaAcknowledgement {
  readonly topicName: string
  readonly partition: number
  readonly errorCode: number
  readonly baseOffset?: string
}

export interface KafkaTransaction {
  sendBatch(batch: KafkaBatch): Promise<KafkaAcknowledgement[]>
  commit(): Promise<void>
  abort(): Promise<void>
}

export interface KafkaProducerConfig {
  readonly createPartitioner: () => (call: { readonly message: { readonly partition?: number } }) => number
  readonly allowAutoTopicCreation: false
  readonly idempotent: true
  readonly maxInFlightRequests: 1
  readonly transactionalId?: string
  readonly transactionTimeout?: number
  readonly retry?: KafkaRetry
}

export interface KafkaProducer {
  connect(): Promise<void>
  disconnect(): Promise<void>
  sendBatch(batch: KafkaBatch): Promise<KafkaAcknowledgement[]>
  transaction(): Promise<KafkaTransaction>
}

export interface KafkaOffset {
  readonly partition: number
  readonly offset: string
}

export interface KafkaAdmin {
  connect(): Promise<void>
  disconnect(): Promise<void>
  createTopics(request: {
    readonly waitForLeaders: boolean
    readonly topics: {
      readonly topic: string
      readonly numPartitions: number
      readonly replicationFactor: number
      readonly configEntries: { readonly name: string; readonly value: string }[]
    }[]
  }): Promise<boolean>
  fetchTopicMetadata(request: { readonly topics: string[] }): Promise<{
    readonly topics: readonly {
      readonly name: string
      readonly partitions: readonly { readonly partitionId: number; readonly leader: number }[]
    }[]
  }>
  describeConfigs(request: {
    readonly includeSynonyms: boolean
    readonly resources: { readonly type: number; readonly name: string; readonly configNames: string[] }[]
  }): Promise<{
    readonly resources: readonly {
      readonly configEntries: readonly { readonly configName: string; readonly configValue: string }[]
    }[]
  }>
  describeCluster(): Promise<{ readonly clusterId: string; readonly brokers: readonly unknown[] }>
  fetchTopicOffsets(
    topic: string,
  ): Promise<readonly (KafkaOffset & { readonly low: string; readonly high: string })[]>
  fetchTopicOffsetsByTimestamp(topic: string, timestamp: number): Promise<readonly KafkaOffset[]>
  describeGroups(groupIds: string[]): Promise<{
    readonly groups: readonly {
      readonly state: string
      readonly members: readonly { readonly memberAssignment: Buffer }[]
    }[]
  }>
  fetchOffsets(request: { readonly groupId: string; readonly topics: string[] }): Promise<
    readonly {
      readonly topic: string
      readonly partitions: readonly (KafkaOffset & { readonly metadata: string | null })[]
    }[]
  >
}

/** Where members of a group are asked who gets what; it is also the door to single brokers. */
export type KafkaAssigner = (parts: { readonly cluster: KafkaCluster }) => {
  readonly name: string
  readonly version: number
  assign(group: {
    readonly members: { readonly memberId: string; readonly memberMetadata: Buffer }[]
    readonly topics: string[]
  }): Promise<{ memberId: string; memberAssignment: Buffer }[]>
  protocol(subscription: { readonly topics: string[] }): { name: string; metadata: Buffer }
}

/** Connections to the brokers that belong to one consumer object. */
export interface KafkaCluster {
  connect(): Promise<void>
  addTargetTopic(topic: string): Promise<void>
  refreshMetadata(): Promise<void>
  refreshMetadataIfNecessary(): Promise<void>
  removeBroker(address: { readonly host: string; readonly port: number }): void
  findLeaderForPartitions(topic: string, partitions: number[]): { readonly [leader: string]: number[] }
  findBroker(node: { readonly nodeId: string }): Promise<KafkaBroker>
  /** The broker that speaks for a group; what it takes of the group protocol is in no client's types. */
  findGroupCoordinator(group: { readonly groupId: string }): Promise<unknown>
}

export interface KafkaBroker {
  fetch(request: {
    readonly isolationLevel: number
    readonly maxWaitTime: number
    readonly minBytes: number
    readonly maxBytes: number
    readonly topics: {
      readonly topic: string
      readonly partitions: {
        readonly partition: number
        readonly fetchOffset: string
        readonly maxBytes: number
      }[]
    }[]
  }): Promise<unknown>
}

export interface KafkaConsumerConfig {
  readonly groupId: string
  readonly partitionAssigners?: KafkaAssigner[]
  readonly sessionTimeout?: number
  readonly rebalanceTimeout?: number
  readonly heartbeatInterval?: number
  readonly maxBytesPerPartition?: number
  readonly maxWaitTimeInMs?: number
  readonly allowAutoTopicCreation?: false
  readonly readUncommitted?: false
  readonly retry?: KafkaRetry
}

/** What a consumer hands to its handler. */
export interface KafkaFetchedBatch {
  readonly batch: {
    readonly topic: string
    readonly partition: number
    readonly highWatermark: string
    readonly messages: readonly KafkaMessage[]
    lastOffset(): string
  }
  resolveOffset(offset: string): void
  heartbeat(): Promise<void>
  pause(): () => void
  isRunning(): boolean
  isStale(): boolean
}

export interface KafkaPartitions {
  readonly topic: string
  readonly partitions?: number[]
}

export interface KafkaConsumer {
  connect(): Promise<void>
  disconnect(): Promise<void>
  stop(): Promise<void>
  subscribe(subscription: { readonly topics: string[]; readonly fromBeginning?: boolean }): Promise<void>
  run(config: {
    readonly autoCommit: boolean
    readonly eachBatchAutoResolve: boolean
    readonly partitionsConsumedConcurrently?: number
    readonly eachBatch: (payload: KafkaFetchedBatch) => Promise<void>
  }): Promise<void>
  commitOffsets(
    offsets: {
      readonly topic: string
      readonly partition: number
      readonly offset: string
      readonly metadata?: string | null
    }[],
  ): Promise<void>
  seek(place: { readonly topic: string; readonly partition: number; readonly offset: string }): void
  pause(partitions: KafkaPartitions[]): void
  resume(partitions: KafkaPartitions[]): void
  on(
    event: 'consumer.group_join',
    listener: (event: {
      readonly payload: {
        readonly memberId: string
        readonly memberAssignment: { readonly [topic: string]: number[] }
      }
    }) => void,
  ): () => void
  on(
    event: 'consumer.crash',
    listener: (event: { readonly payload: { readonly error: Error; readonly restart: boolean } }) => void,
  ): () => void
  on(event: 'consumer.rebalancing', listener: (event: { readonly payload: unknown }) => void): () => void
  on(event: 'consumer.stop', listener: (event: { readonly payload: unknown }) => void): () => void
}

/** A `Kafka` object of kafkajs, with its brokers, TLS and SASL settings. */
export interface KafkaClient {
  producer(config: KafkaProducerConfig): KafkaProducer
  consumer(config: KafkaConsumerConfig): KafkaConsumer
  admin(config?: { readonly retry?: KafkaRetry }): KafkaAdmin
}
