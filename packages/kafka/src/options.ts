import { type DocumentStore, invalidArgument } from '@eventspine/core'

/**
 * What becomes of records that others wrote into the topic. `deliver`: events of type `$foreign` with bytes;
 * `skip`: they are passed over; `stop`: reading fails with `STORE_INCOMPATIBLE`.
 */
export type ForeignPolicy = 'deliver' | 'skip' | 'stop'

/** How a topic is opened, whoever made the client. */
export interface TopicOptions {
  /**
   * Documents of another backend: checkpoints, parked streams and effects of consumers are kept there, and
   * effects there happen once. Kafka has none of its own.
   */
  readonly documents?: DocumentStore | undefined
  /** Partitions that the topic must have, a power of two. Default: as many as it has. */
  readonly partitions?: number | undefined
  /**
   * `idempotent`: retries of the client double nothing; calls are acknowledged as soon as they are written.
   * `transactional`: besides, all events of a publish become readable together. Slower. Default `idempotent`.
   */
  readonly producer?: 'idempotent' | 'transactional' | undefined
  /** Milliseconds until a publish that is not acknowledged fails. Default 30,000. */
  readonly deliveryTimeoutMs?: number | undefined
  /** Default `deliver`. */
  readonly foreign?: ForeignPolicy | undefined
  /** The CloudEvents `source` of what is published: a URI reference. Default `eventspine/` and the topic. */
  readonly source?: string | undefined
}

export interface ResolvedOptions {
  readonly topic: string
  readonly documents: DocumentStore | undefined
  readonly partitions: number | undefined
  readonly producer: 'idempotent' | 'transactional'
  readonly deliveryTimeoutMs: number
  readonly foreign: ForeignPolicy
  readonly source: string
}

// 249 characters at most, of which the topic of relays needs seven more.
// https://github.com/apache/kafka/blob/trunk/clients/src/main/java/org/apache/kafka/common/internals/Topic.java
const TOPIC_NAME = /^[a-zA-Z0-9._-]{1,242}$/

/** @throws {@link EventStoreError} `INVALID_ARGUMENT` naming the option, before any I/O. */
export function resolveOptions(topic: string, options: TopicOptions): ResolvedOptions {
  checkTopicName(topic)
  const { documents, partitions, producer = 'idempotent', deliveryTimeoutMs = 30_000 } = options
  const { foreign = 'deliver', source = `eventspine/${topic}` } = options
  checkChoice(producer, ['idempotent', 'transactional'], 'producer')
  checkChoice(foreign, ['deliver', 'skip', 'stop'], 'foreign')
  if (!Number.isInteger(deliveryTimeoutMs) || deliveryTimeoutMs < 1 || deliveryTimeoutMs >= 2 ** 31)
    throw invalidArgument(
      'deliveryTimeoutMs',
      `must be an integer of at least 1, got ${String(deliveryTimeoutMs)}`,
    )
  if (typeof source !== 'string' || source === '') throw invalidArgument('source', 'must be a URI reference')
  return { topic, documents, partitions, producer, deliveryTimeoutMs, foreign, source }
}

export function checkTopicName(topic: unknown): asserts topic is string {
  if (typeof topic === 'string' && TOPIC_NAME.test(topic) && topic !== '.' && topic !== '..') return
  throw invalidArgument('topic', 'must be 1 to 242 letters, digits, dots, dashes or underscores')
}

function checkChoice(value: string, choices: readonly string[], field: string): void {
  if (!choices.includes(value))
    throw invalidArgument(field, `must be one of ${choices.join(', ')}, got ${value}`)
}
