import type { Kafka } from 'kafkajs'
import { expectTypeOf, test } from 'vitest'
import type { KafkaClient } from '../src/client.ts'

test("kafkajs' own class fits", () => {
  expectTypeOf<Kafka>().toExtend<KafkaClient>()
})
