import type { KafkaAcknowledgement, KafkaBatch } from './client.ts'

/**
 * Sends a batch: as one where all of it goes to one broker, else apart, a call a partition.
 *
 * kafkajs makes all requests of a call at once and, when one of them fails, makes those again whose answers are not
 * there yet: a partition of another broker would get its records twice, and one whose leader moved to a broker that
 * has answered would get none. https://github.com/tulios/kafkajs/blob/v2.2.4/src/producer/sendMessages.js
 *
 * @returns when every call has ended.
 */
export async function sendBatch(
  send: (batch: KafkaBatch) => Promise<KafkaAcknowledgement[]>,
  batch: KafkaBatch,
  apart: boolean,
): Promise<KafkaAcknowledgement[]> {
  if (!apart) return send(batch)
  const calls = await Promise.allSettled(byPartition(batch).map((part) => send(part)))
  return calls.flatMap((call) => {
    if (call.status === 'rejected') throw call.reason
    return call.value
  })
}

function byPartition({ topicMessages, ...rest }: KafkaBatch): readonly KafkaBatch[] {
  const parts = new Map<string, KafkaBatch['topicMessages'][number]>()
  for (const { topic, messages } of topicMessages) {
    for (const message of messages) {
      const key = `${message.partition ?? 0} ${topic}`
      const part = parts.get(key)
      if (part === undefined) parts.set(key, { topic, messages: [message] })
      else part.messages.push(message)
    }
  }
  return Array.from(parts.values(), (part) => ({ ...rest, topicMessages: [part] }))
}
