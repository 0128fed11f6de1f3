import { runKafkaTool } from '@eventspine/servers'
import { expect, it } from 'vitest'
import { createTopic, kafka } from '../src/index.ts'
import { serverUrl } from './backend.ts'
import { clientOf, uniqueTopic } from './client-of.ts'

it("is read by Kafka's own console consumer as it was published", async () => {
  const url = serverUrl()
  const client = clientOf(url)
  const topic = uniqueTopic()
  await createTopic(client, { topic, partitions: 4 })
  const backend = await kafka({ client, topic, producer: 'transactional' })
  const id = '00000000-0000-4000-8000-000000000001'
  const { token } = await backend.stream.publish([
    {
      id,
      type: 'MoneyDeposited',
      data: { cents: 2000, note: 'ü' },
      streamId: 'bank-account:42',
      tags: ['a'],
    },
    {
      type: 'Bytes',
      data: new TextEncoder().encode('plain bytes'),
      contentType: 'text/plain',
      streamId: 'b',
    },
  ])
  expect(token.split(',')).toHaveLength(2)
  await backend.close()
  const shown = ['partition', 'offset', 'headers', 'key'].flatMap((name) => [
    '--property',
    `print.${name}=true`,
  ])
  const words = `--bootstrap-server ${new URL(url).host} --topic ${topic} --from-beginning --max-messages 2
    --isolation-level read_committed --timeout-ms 30000
    --property key.separator=| --property headers.separator=;`
  const tool = 'org.apache.kafka.tools.consumer.ConsoleConsumer'
  const printed = await runKafkaTool(tool, [...words.split(/\s+/), ...shown])
  const lines = printed.split('\n').filter((line) => line.includes('ce_id'))
  expect(lines).toHaveLength(2)
  const [deposit] = lines.filter((line) => line.includes('bank-account:42'))
  const [partition, offset, headers, key, value] = (deposit ?? '').split('|')
  const own = token.split(',').find((position) => partition === `Partition:${position.split('.')[1]}`)
  expect(offset).toBe(`Offset:${Number(own?.split('.')[2]) - 1}`)
  expect(key).toBe('bank-account:42')
  expect(value).toBe('{"cents":2000,"note":"ü"}')
  expect(headers?.replace(/ce_time:[^;]*;/, '').split(';')).toEqual([
    'ce_specversion:1.0',
    `ce_id:${id}`,
    'ce_type:MoneyDeposited',
    `ce_source:eventspine/${topic}`,
    'content-type:application/json',
    'ce_schemaversion:1',
    'ce_eventmetadata:{"$tags":["a"]}',
  ])
  const bytes = lines.find((line) => line !== deposit)
  expect(bytes).toMatch(/content-type:text\/plain;.*ce_datacodec:1.*\|b\|plain bytes$/)
})
