import { EventStoreError } from '@eventspine/core'
import type { KafkaAcknowledgement } from './client.ts'
import type { Round } from './round-layout.ts'
import type { RoundResult } from './rounds.ts'

/** How a batch was sent. */
export interface Sending {
  /** How often records of it may have left. */
  readonly attempts: number
  /** What does not fit can be undone. */
  readonly inTransaction: boolean
}

/**
 * What the answers say of each partition. kafkajs counts answers by broker and not by partition, so it resolves
 *
 * - without an answer for a partition that is not there, and drops its records;
 * - without one, too, where the leader of a partition has moved to a broker that has answered for others already;
 * - with two where a broker that had answered was connected anew before the attempt after: it has the records twice.
 *
 * https://github.com/tulios/kafkajs/blob/v2.2.4/src/producer/sendMessages.js
 */
export function acknowledged(
  topic: string,
  { partitions }: Round,
  answers: readonly KafkaAcknowledgement[],
  sending: Sending,
): RoundResult {
  const result = new Map<number, number | EventStoreError>()
  for (const [partition] of partitions) {
    const found = answers.filter((each) => each.partition === partition && each.topicName === topic)
    result.set(partition, placeOf(topic, partition, found, sending))
  }
  return result
}

function placeOf(
  topic: string,
  partition: number,
  [answer, another]: readonly KafkaAcknowledgement[],
  { attempts, inTransaction }: Sending,
): number | EventStoreError {
  if (answer === undefined)
    return attempts <= 1 ? unplaced(topic, partition) : moved(partition, inTransaction)
  return inTransaction && another !== undefined ? moved(partition, inTransaction) : offsetOf(answer)
}

function moved(partition: number, inTransaction: boolean): EventStoreError {
  const message = `kafka: the leader of partition ${partition} moved while a batch was under way`
  return inTransaction
    ? new EventStoreError('BACKEND_UNAVAILABLE', message, { retryable: true })
    : new EventStoreError('OUTCOME_UNKNOWN', message, { outcome: 'unknown', retryable: true })
}

function offsetOf({ partition, errorCode, baseOffset }: KafkaAcknowledgement): number | EventStoreError {
  const offset = Number(baseOffset ?? -1)
  if (errorCode === 0 && offset >= 0) return offset
  return new EventStoreError(
    'BACKEND_FAILED',
    `kafka: partition ${partition} acknowledged without an offset (error code ${errorCode})`,
    { outcome: 'unknown' },
  )
}

function unplaced(topic: string, partition: number): EventStoreError {
  return new EventStoreError(
    'STORE_INCOMPATIBLE',
    `kafka: the topic ${JSON.stringify(topic)} has no partition ${partition} any more`,
  )
}
