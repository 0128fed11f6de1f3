import type { Pool, PoolClient } from 'pg'
import { expect, it } from 'vitest'
import { postgres } from '../src/index.ts'
import { uniqueSchema } from './backend.ts'
import { counted, refusedWith, useDatabase } from './database.ts'

const database = useDatabase()

async function openStore(partitions = 1) {
  const pool = database.pool(8)
  const schema = uniqueSchema()
  const backend = await postgres({ pool, schema, partitions, create: true })
  database.onEnd(() => backend.close())
  return { pool, schema, backend }
}

/** A transaction that holds a partition, as a caller's append does. */
async function holdPartition(pool: Pool, schema: string, partition: number): Promise<PoolClient> {
  const client = await pool.connect()
  await client.query('begin')
  await client.query(`select from ${schema}.partitions where partition = ${partition} for no key update`)
  return client
}

/** Streams of two partitions of four: found by where their events land. */
async function streamsOfTwoPartitions(backend: Awaited<ReturnType<typeof openStore>>['backend']) {
  const byPartition = new Map<string, string>()
  for (let number = 0; byPartition.size < 2; number++) {
    const { streamId, position } = await backend.store.append(`counter:${number}`, [counted(0)])
    byPartition.set(position?.split('.')[1] ?? '', streamId)
  }
  const [first, second] = [...byPartition.entries()].sort(([a], [b]) => Number(a) - Number(b))
  if (first === undefined || second === undefined) throw new Error('two partitions were found above')
  return {
    first: { partition: Number(first[0]), streamId: first[1] },
    second: { partition: Number(second[0]), streamId: second[1] },
  }
}

it('gives up an append that waited for its partition, and every commit of its batch, not applied', async () => {
  const { pool, schema, backend } = await openStore()
  const holder = await holdPartition(pool, schema, 0)
  const startMs = performance.now()
  const results = await Promise.allSettled(
    Array.from({ length: 5 }, (_, number) =>
      backend.store.append(`counter:${number}`, [counted(1)], { lockTimeoutMs: 200 }),
    ),
  )
  expect(performance.now() - startMs).toBeGreaterThanOrEqual(190)
  for (const result of results) {
    expect(result).toMatchObject({
      status: 'rejected',
      reason: { code: 'BUSY', outcome: 'not-applied', retryable: true },
    })
  }
  await holder.query('rollback')
  holder.release()
  expect(await backend.store.feed().toArray()).toEqual([])
  expect(await backend.store.append('counter:0', [counted(2)])).toMatchObject({ version: 1 })
})

it('gives up removal, sealing, import and documents likewise', async () => {
  const pool = database.pool(8)
  const schema = uniqueSchema()
  await using backend = await postgres({ pool, schema, create: true, lockTimeoutMs: 100 })
  await backend.store.append('counter:1', [counted(1)])
  const [event] = await backend.store.feed().toArray()
  await backend.documents.collection('notes').put('n', 1)
  const holder = await holdPartition(pool, schema, 0)
  await holder.query(`update ${schema}.documents set value = '2'`)
  const busy = { code: 'BUSY', outcome: 'not-applied', retryable: true }
  const { store, documents } = backend
  const notes = documents.collection('notes')
  for (const work of [
    () => store.delete('counter:1'),
    () => store.seal(0),
    () => store.import([event?.toJSON() as never]),
    () => notes.put('n', 3),
    () => documents.batch([notes.putting('n', 3), notes.putting('m', 3)]),
  ]) {
    expect(await refusedWith(work)).toMatchObject(busy)
  }
  await holder.query('rollback')
  holder.release()
  expect((await notes.get('n'))?.value).toBe(1)
})

it('does not stall the feed for a transaction that stays open elsewhere', async () => {
  const { pool, backend } = await openStore()
  await backend.store.append('counter:1', [counted(1)])
  const [reader, writer] = await Promise.all([pool.connect(), pool.connect()])
  await reader.query('begin isolation level repeatable read')
  await reader.query('select txid_current(), count(*) from pg_class')
  await writer.query('begin')
  await writer.query('create table elsewhere (id int)')
  for (let number = 2; number <= 20; number++) {
    const { position } = await backend.store.append('counter:1', [counted(number)])
    const feed = await backend.store.feed().toArray()
    expect(feed.at(-1)?.position).toBe(position)
  }
  for (const client of [reader, writer]) {
    await client.query('rollback')
    client.release()
  }
})

it('appends beside a transaction that holds another partition', async () => {
  const { pool, schema, backend } = await openStore(4)
  const { first, second } = await streamsOfTwoPartitions(backend)
  const holder = await holdPartition(pool, schema, first.partition)
  expect(await backend.store.append(second.streamId, [counted(1)])).toMatchObject({ version: 2 })
  expect(
    await refusedWith(() => backend.store.append(first.streamId, [counted(1)], { lockTimeoutMs: 50 })),
  ).toMatchObject({
    code: 'BUSY',
  })
  await holder.query('commit')
  holder.release()
})

it("breaks a deadlock between two callers' transactions by refusing one append, which leaves both usable", async () => {
  const { pool, backend } = await openStore(4)
  const { first, second } = await streamsOfTwoPartitions(backend)
  const clients = await Promise.all([pool.connect(), pool.connect()])
  const [one, two] = clients.map((client) => ({ client, store: backend.within(client).store }))
  if (one === undefined || two === undefined) throw new Error('two clients were taken')
  for (const { client } of [one, two]) await client.query('begin')
  await one.store.append(first.streamId, [counted(1)])
  await two.store.append(second.streamId, [counted(2)])
  // Whoever is refused keeps what it holds until its transaction ends: only then can the other go on.
  const appendAndEnd = async ({ client, store }: typeof one, streamId: string): Promise<void> => {
    try {
      await store.append(streamId, [counted(3)], { lockTimeoutMs: 30_000 })
    } finally {
      await client.query('commit')
    }
  }
  const settled = await Promise.allSettled([
    appendAndEnd(one, second.streamId),
    appendAndEnd(two, first.streamId),
  ])
  for (const { client } of [one, two]) client.release()
  const refused = settled.filter(({ status }) => status === 'rejected')
  expect(refused).toMatchObject([{ reason: { code: 'BUSY', outcome: 'not-applied', retryable: true } }])
  // Both transactions committed what they had: 2 events from before, 2 first appends, 1 second.
  const heads = await Promise.all([first, second].map(({ streamId }) => backend.store.head(streamId)))
  expect(heads.reduce((sum, { version }) => sum + version, 0)).toBe(5)
})

it('locks documents in one order for all, so that batches that overlap never deadlock', async () => {
  const { pool, backend } = await openStore()
  const keys = Array.from({ length: 12 }, (_, number) => `key-${number}`)
  const writers = Array.from({ length: 4 }, async (_, writer) => {
    const client = await pool.connect()
    // Within a transaction nothing is retried: a deadlock would show.
    const { documents } = backend.within(client)
    const notes = documents.collection<number>('notes')
    for (let round = 0; round < 15; round++) {
      await client.query('begin')
      const order = (writer + round) % 2 === 0 ? keys : keys.toReversed()
      await documents.batch(
        order.map((key, index) =>
          index % 5 === round % 5 ? notes.deleting(key) : notes.putting(key, writer),
        ),
      )
      await client.query('commit')
    }
    client.release()
  })
  await Promise.all(writers)
  const values = await backend.documents.collection<number>('notes').getMany(keys)
  expect(new Set(values.flatMap((document) => document?.value ?? [])).size).toBe(1)
})
