import { EventStoreError } from '@eventspine/core'
import type { KafkaAcknowledgement } from './client.ts'
import type { Round } from './round-layout.ts'
import type { RoundResult } from './rounds.ts'

/**
 * What the answers say of each partition. kafkajs resolves without an entry for one that is not there, and drops its
 * records.
 */
export function acknowledged(
  topic: string,
  { partitions }: Round,
  answers: readonly KafkaAcknowledgement[],
): RoundResult {
  const result = new Map<number, number | EventStoreError>()
  for (const [partition] of partitions) {
    const answer = answers.find((each) => each.partition === partition && each.topicName === topic)
    result.set(partition, answer === undefined ? unplaced(topic, partition) : offsetOf(answer))
  }
  return result
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
