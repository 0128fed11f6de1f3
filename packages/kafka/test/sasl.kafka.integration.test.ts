import { freePort, startKafka } from '@eventspine/servers'
import { memory } from '@eventspine/memory'
import { Kafka, logLevel } from 'kafkajs'
import { expect, it } from 'vitest'
import { createTopic, kafka } from '../src/index.ts'
import { uniqueTopic } from './client-of.ts'
import { readAll } from './read-all.ts'

const plain = (password: string) => ({ mechanism: 'plain' as const, username: 'app', password })

it('passes credentials on as they are, and says when they are refused', async () => {
  const [port, controllerPort, saslPort] = [await freePort(), await freePort(), await freePort()]
  const module = 'org.apache.kafka.common.security.plain.PlainLoginModule'
  await using server = await startKafka({
    port,
    settings: {
      'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
      listeners: `PLAINTEXT://127.0.0.1:${port},SASL://127.0.0.1:${saslPort},CONTROLLER://127.0.0.1:${controllerPort}`,
      'advertised.listeners': `PLAINTEXT://127.0.0.1:${port},SASL://127.0.0.1:${saslPort}`,
      'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,SASL:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT',
      'sasl.enabled.mechanisms': 'PLAIN',
      'listener.name.sasl.plain.sasl.jaas.config': `${module} required user_app="right";`,
    },
  })
  expect(server.version).toBeDefined()
  const brokers = [`127.0.0.1:${saslPort}`]
  const topic = uniqueTopic()
  const client = new Kafka({ brokers, sasl: plain('right'), logLevel: logLevel.NOTHING })
  await createTopic(client, { topic })
  const documents = memory()
  const backend = await kafka.connect(
    { brokers, sasl: plain('right') },
    { topic, documents: documents.documents },
  )
  const { token } = await backend.stream.publish({ type: 'Told', data: 1, streamId: 'a' })
  const seen: unknown[] = []
  const subscription = await backend.stream.subscribe({
    group: 'g',
    handlers: ({ data }) => void seen.push(data),
  })
  await subscription.caughtUpTo(token)
  await subscription.stop()
  expect(seen).toEqual([1])
  expect((await readAll(client, topic, 1)).flat().map(({ data }) => data)).toEqual([1])
  await backend.close()
  const refused = kafka.connect({ brokers, sasl: plain('wrong') }, { topic })
  await expect(refused).rejects.toMatchObject({ code: 'ACCESS_DENIED', outcome: 'not-applied' })
  await expect(refused).rejects.not.toMatchObject({ message: expect.stringContaining('wrong') })
}, 120_000)
