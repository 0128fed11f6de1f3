import { type Pool, type PoolClient, types } from 'pg'
import { afterEach, describe, expect, it } from 'vitest'
import { postgres } from '../src/index.ts'
import { uniqueSchema } from './backend.ts'
import { counted, useDatabase } from './database.ts'

const database = useDatabase()

/** Every query of a pool's clients, as sent. */
function recording(pool: Pool): { readonly pool: Pool; readonly sent: string[] } {
  const sent: string[] = []
  pool.on('connect', (client) => {
    const query = client.query.bind(client) as (...values: unknown[]) => unknown
    client.query = ((...values: unknown[]) => {
      const [first] = values
      sent.push(typeof first === 'string' ? first : (first as { text: string }).text)
      return query(...values)
    }) as typeof client.query
  })
  return { pool, sent }
}

describe('statements', () => {
  it('are one for a group of appends, of whatever streams and partitions', async () => {
    const { pool, sent } = recording(database.pool(2))
    const schema = uniqueSchema()
    const { store } = await postgres({ pool, schema, create: true, partitions: 8 })
    for (const count of [1, 50, 200]) {
      sent.length = 0
      const appends = Array.from({ length: count }, (_, number) =>
        store.append(`counter:${number}`, [counted(number)], { expectedVersion: 'any' }),
      )
      await Promise.all(appends)
      expect(sent).toEqual([expect.stringContaining(count === 1 ? '.append_one(' : '.append(')])
    }
  })

  it('are one for a commit of several streams and documents, a page, a head and a batch of documents', async () => {
    const { pool, sent } = recording(database.pool(2))
    const { store, documents } = await postgres({ pool, schema: uniqueSchema(), create: true })
    const notes = documents.collection('notes', { listed: true })
    const count = async (work: () => Promise<unknown>): Promise<number> => {
      sent.length = 0
      await work()
      return sent.length
    }
    const streams = ['a', 'b', 'c'].map((streamId) => ({ streamId, events: [counted(1), counted(2)] }))
    expect(await count(() => store.commit({ streams, documents: [notes.putting('n', 1)] }))).toBe(1)
    expect(await count(() => store.head('a'))).toBe(1)
    expect(await count(() => store.read('a').toArray())).toBe(1)
    expect(await count(() => store.read('a', { direction: 'backward' }).toArray())).toBe(1)
    expect(await count(() => store.feed().toArray())).toBe(1)
    const after = await store.feedHead()
    expect(await count(() => store.feed({ after }).toArray())).toBe(1)
    expect(await count(() => documents.batch([notes.putting('n', 2), notes.putting('m', 2)]))).toBe(1)
    expect(await count(() => notes.put('n', 3))).toBe(1)
    expect(await count(() => notes.getMany(['n', 'm', 'o']))).toBe(1)
    expect(await count(() => collect(notes.list()))).toBe(1)
    const conflict = () => store.append('a', [counted(3)], { expectedVersion: 0 }).catch(() => undefined)
    expect(await count(conflict)).toBe(1)
  })

  it('never change a session, in whatever way it is used', async () => {
    const { pool, sent } = recording(database.pool(1))
    const backend = await postgres({ pool, schema: uniqueSchema(), create: true })
    const settings = async () =>
      (await pool.query("select name, setting from pg_settings where source = 'session' order by name")).rows
    const before = await settings()
    await backend.store.append('counter:1', [counted(1)], { lockTimeoutMs: 77 })
    await backend.transaction(({ store }) => store.append('counter:1', [counted(2)]))
    await backend.store.truncate('counter:1', { before: 2 })
    await backend.documents.collection('notes').put('n', 1)
    expect(await settings()).toEqual(before)
    expect(sent.filter((text) => /\blisten\b|\bnotify\b|^\s*set\s|pg_advisory_lock\(/i.test(text))).toEqual(
      [],
    )
  })
})

describe('without prepared statements', () => {
  /** As a pooler in transaction mode does it: each time another session, which keeps nothing of the last time. */
  function rotating(pools: readonly Pool[]): Pool {
    let next = 0
    const connect = async (): Promise<PoolClient> => {
      const client = await (pools[next++ % pools.length] as Pool).connect()
      await client.query('discard all')
      return client
    }
    type Taken = (error: Error | undefined, client: PoolClient | undefined) => void
    const withCallback = (taken?: Taken): Promise<PoolClient> | undefined => {
      if (taken === undefined) return connect()
      connect().then(
        (client) => taken(undefined, client),
        (error: Error) => taken(error, undefined),
      )
      return undefined
    }
    // All that is used of a pool.
    return { connect: withCallback } as unknown as Pool
  }

  it('everything works on sessions that are swapped and wiped between transactions', async () => {
    const pools = [1, 2, 3].map(() => database.pool(2))
    const backend = await postgres({
      pool: rotating(pools),
      schema: uniqueSchema(),
      create: true,
      preparedStatements: false,
    })
    const { store, documents } = backend
    for (let number = 0; number < 12; number++) {
      await Promise.all(
        ['a', 'b', 'c'].map((streamId) =>
          store.append(streamId, [counted(number)], { expectedVersion: number }),
        ),
      )
      await backend.transaction(({ store: inner }) => inner.append('d', [counted(number)]))
      await documents.collection('notes').put('n', number)
    }
    expect(await store.feed({ pageSize: 7 }).toArray()).toHaveLength(48)
    expect((await documents.collection('notes').get('n'))?.value).toBe(11)
    await store.delete('a')
    const prepared = await Promise.all(
      pools.map(
        async (each) =>
          (await each.query('select count(*)::int as count from pg_prepared_statements')).rows[0],
      ),
    )
    expect(prepared).toEqual([{ count: 0 }, { count: 0 }, { count: 0 }])
  })

  it('is what the error of a lost prepared statement advises', async () => {
    const pool = database.pool(1)
    const { store } = await postgres({ pool, schema: uniqueSchema(), create: true })
    await store.head('a')
    await pool.query('deallocate all')
    const error = await store.head('a').catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'BACKEND_FAILED', outcome: 'not-applied' })
    expect(String(error)).toContain('preparedStatements: false')
  })
})

describe("the process's type parsers", () => {
  const { BOOL, INT8, INT2, INT4, TEXT, JSON: JSON_TYPE, TIMESTAMPTZ, UUID } = types.builtins
  const changed = [BOOL, INT8, INT2, INT4, TEXT, JSON_TYPE, TIMESTAMPTZ, UUID]
  const before = changed.map((oid) => [oid, types.getTypeParser(oid)] as const)
  afterEach(() => {
    for (const [oid, parser] of before) types.setTypeParser(oid, parser)
  })

  it('may be changed by others without harm, and are not changed by us', async () => {
    const pool = database.pool()
    const backend = await postgres({ pool, schema: uniqueSchema(), create: true })
    expect(changed.map((oid) => types.getTypeParser(oid))).toEqual(before.map(([, parser]) => parser))
    for (const oid of changed) types.setTypeParser(oid, () => ({ spoiled: true }))
    const { store, documents } = backend
    await store.append('counter:1', [counted(1), counted(2)], { expectedVersion: 0 })
    const [event] = await store.feed().toArray()
    expect(event).toMatchObject({ streamId: 'counter:1', streamPosition: 1, data: { number: 1 } })
    expect(await store.head('counter:1')).toMatchObject({ version: 2, deleted: false, firstVersion: 1 })
    const notes = documents.collection('notes')
    const revision = await notes.put('n', { a: 1 })
    expect(await notes.get('n')).toEqual({ key: 'n', value: { a: 1 }, revision })
    await backend.transaction(async ({ native }) => {
      // The caller's own queries are the caller's.
      expect((await native.query('select 1::int as one')).rows).toEqual([{ one: { spoiled: true } }])
    })
  })
})

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = []
  for await (const item of items) all.push(item)
  return all
}
