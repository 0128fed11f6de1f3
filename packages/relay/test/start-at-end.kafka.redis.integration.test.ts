import { randomUUID } from 'node:crypto'
import type { Backend } from '@eventspine/core'
import { kafka } from '@eventspine/kafka'
import { memory, memoryStream } from '@eventspine/memory'
import { redisStream } from '@eventspine/redis'
import { createKeyspace } from '@eventspine/servers'
import { expect, it } from 'vitest'
import { relayOnce } from '../src/index.ts'
import { serverUrl } from './server-url.ts'

/** A start at the end of an empty store is a place too, although nothing stands there. */
async function startsAtTheEndOnce(target: Backend): Promise<void> {
  await using source = memory({ partitions: 2 })
  const options = { name: 'r', startFrom: 'end', budgetMs: 30_000 } as const
  expect((await relayOnce(source, target, options)).relayed).toBe(0)
  for (let stream = 0; stream < 8; stream++)
    await source.store.append(`counter:${stream}`, [{ type: 'Counted', data: stream }])
  expect((await relayOnce(source, target, options)).relayed).toBe(8)
}

it('keeps the end of an empty store as the place to start from: memory', async () => {
  await using target = memoryStream()
  await startsAtTheEndOnce(target)
})

it('keeps the end of an empty store as the place to start from: Redis Streams', async () => {
  await using keyspace = createKeyspace(serverUrl('REDIS'))
  await using target = await redisStream.connect(`${keyspace.url}&topic=relayed`, {
    create: true,
    partitions: 4,
  })
  await startsAtTheEndOnce(target)
})

it('keeps the end of an empty store as the place to start from: Kafka', async () => {
  const url = `${serverUrl('KAFKA')}/relayed-${randomUUID()}`
  await using target = await kafka.connect(url, { create: true, partitions: 4 })
  await startsAtTheEndOnce(target)
})
