import { expect, it } from 'vitest'
import type { KafkaBatch } from '../src/client.ts'
import { sendBatch } from '../src/send-batch.ts'

const record = (partition: number, value: string) => ({
  key: '',
  value,
  partition,
  headers: {},
  timestamp: '0',
})
const batch: KafkaBatch = {
  acks: -1,
  timeout: 1,
  topicMessages: [
    { topic: 'orders', messages: [record(0, 'a'), record(1, 'b'), record(0, 'c')] },
    { topic: 'orders.relays', messages: [record(0, 'd')] },
  ],
}

/** Each call as the values that it sends. */
const valuesOf = ({ topicMessages }: KafkaBatch): string =>
  topicMessages.flatMap(({ messages }) => messages.map(({ value }) => String(value))).join('')

it('sends all in one call to one broker, and a call a partition of a topic to several', async () => {
  const calls: string[] = []
  const send = async (part: KafkaBatch) => {
    calls.push(valuesOf(part))
    return part.topicMessages.map(({ topic, messages }) => ({
      topicName: topic,
      partition: messages[0]?.partition ?? -1,
      errorCode: 0,
    }))
  }
  await sendBatch(send, batch, false)
  expect(calls.splice(0)).toEqual(['abcd'])
  const answers = await sendBatch(send, batch, true)
  expect(calls).toEqual(['ac', 'b', 'd'])
  expect(answers.map(({ topicName, partition }) => `${topicName} ${partition}`)).toEqual([
    'orders 0',
    'orders 1',
    'orders.relays 0',
  ])
})

it('fails when one call does, once all have ended', async () => {
  let ended = 0
  const send = async (part: KafkaBatch) => {
    if (valuesOf(part) === 'ac') throw new Error('refused')
    await new Promise((resolve) => setImmediate(resolve))
    ended++
    return []
  }
  await expect(sendBatch(send, batch, true)).rejects.toThrow('refused')
  expect(ended).toBe(2)
})
