import { createTopic, kafka } from '@eventspine/kafka'
import { Kafka, logLevel } from 'kafkajs'

const brokers = (process.env.KAFKA_BROKERS ?? '').split(',')
const client = new Kafka({ brokers, logLevel: logLevel.NOTHING })
await createTopic(client, { topic: 'payments', partitions: 4 })
const backend = await kafka({ client, topic: 'payments' })

const deposit = { type: 'MoneyDeposited', data: { cents: 2000 }, streamId: 'bank-account:42' }
const { token } = await backend.stream.publish(deposit)

const balances = await backend.stream.subscribe({
  group: 'balances',
  handlers: (event) => console.log(event.streamId, event.data), // => bank-account:42 { cents: 2000 }
})
await balances.caughtUpTo(token)

await backend.close()
