import { PGlite } from '@electric-sql/pglite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSchema, openUrl, pglite } from '../src/index.ts'
import { uniqueSchema } from './backend.ts'
import { counted, refusedWith } from './database.ts'

let client: PGlite
beforeAll(async () => void (client = await PGlite.create()))
afterAll(() => client.close())

async function openBackend(lockTimeoutMs: number) {
  return pglite({ client, schema: uniqueSchema(), create: true, lockTimeoutMs })
}

describe('a call from within a transaction that bypasses it', () => {
  it('is refused in time, is never executed later, and leaves the transaction be', async () => {
    const backend = await openBackend(150)
    const { store, documents } = backend
    const notes = documents.collection('notes')
    await backend.transaction(async (inner) => {
      await inner.store.append('counter:1', [counted(1)])
      for (const work of [
        () => store.append('counter:1', [counted(2)]),
        () => store.head('counter:1'),
        () => store.feed().toArray(),
        () => notes.put('n', 1),
        () => backend.transaction(async () => undefined),
      ]) {
        const startMs = performance.now()
        const error = await refusedWith(work)
        expect(error).toMatchObject({ code: 'BUSY', outcome: 'not-applied', retryable: true })
        expect(String(error)).toContain('use the store that it was given')
        expect(performance.now() - startMs).toBeLessThan(5_000)
      }
      await inner.store.append('counter:1', [counted(3)], { expectedVersion: 1 })
    })
    // Had one of them only waited, it would come now.
    await store.append('counter:2', [counted(4)])
    expect((await store.feed().toArray()).map(({ data }) => data)).toEqual(
      [1, 3, 4].map((number) => ({ number })),
    )
    expect(await notes.get('n')).toBeUndefined()
  })

  it('goes on when the transaction ends in time, one transaction after the other', async () => {
    const backend = await openBackend(20_000)
    const done: string[] = []
    const run = (name: string) =>
      backend.transaction(async ({ store }) => {
        await store.append('counter:1', [counted(1)])
        await new Promise((resolve) => setTimeout(resolve, 5))
        done.push(name)
      })
    const outside = Array.from({ length: 10 }, (_, number) =>
      backend.store.append(`counter:${number}`, [counted(number)]),
    )
    await Promise.all([run('a'), run('b'), ...outside, run('c')])
    expect(done.toSorted()).toEqual(['a', 'b', 'c'])
    expect((await backend.store.head('counter:1')).version).toBe(4)
  })

  it('waits for transactions of every store over the same database', async () => {
    const [one, two] = await Promise.all([openBackend(100), openBackend(100)])
    await one.transaction(async () => {
      expect(await refusedWith(() => two.store.append('counter:1', [counted(1)]))).toMatchObject({
        code: 'BUSY',
      })
    })
    expect(await two.store.append('counter:1', [counted(1)])).toMatchObject({ version: 1 })
  })
})

describe('a transaction', () => {
  it('shares its commit with the tables of the caller, and hands out the client of PGlite', async () => {
    const backend = await openBackend(1_000)
    const table = `own_${uniqueSchema()}`
    await client.exec(`create table ${table} (id int)`)
    const rows = async () => (await client.query(`select id from ${table}`)).rows
    const failing = backend.transaction(async ({ store, native }) => {
      await store.append('counter:1', [counted(1)])
      await native.query(`insert into ${table} values ($1)`, [1])
      throw new Error('on purpose')
    })
    await expect(failing).rejects.toThrow('on purpose')
    expect(await rows()).toEqual([])
    await backend.transaction(async ({ store, native }) => {
      await store.append('counter:1', [counted(2)], { expectedVersion: 'none' })
      await native.query(`insert into ${table} values ($1)`, [2])
    })
    expect(await rows()).toEqual([{ id: 2 }])
    expect((await backend.store.feed().toArray()).map(({ data }) => data)).toEqual([{ number: 2 }])
  })

  it('whose statement failed unheeded is rolled back and says so', async () => {
    const backend = await openBackend(1_000)
    const unheeded = backend.transaction(async ({ store, native }) => {
      await store.append('counter:1', [counted(1)])
      await native.query('select 1 / 0').catch(() => undefined)
    })
    await expect(unheeded).rejects.toMatchObject({ code: 'BACKEND_FAILED', outcome: 'not-applied' })
    expect((await backend.store.head('counter:1')).version).toBe(0)
  })

  it("of the caller's holds appends like our own", async () => {
    const backend = await openBackend(1_000)
    await client.transaction(async (native) => {
      const { store } = backend.within(native)
      await store.append('counter:1', [counted(1)])
      expect(
        await refusedWith(() => store.append('counter:1', [counted(2)], { expectedVersion: 7 })),
      ).toMatchObject({
        code: 'VERSION_CONFLICT',
      })
      await store.append('counter:1', [counted(3)], { expectedVersion: 1 })
    })
    expect((await backend.store.read('counter:1').toArray()).map(({ data }) => data)).toEqual([
      { number: 1 },
      { number: 3 },
    ])
  })
})

describe('a database of PGlite', () => {
  it('keeps no values of statements on the errors that it makes', async () => {
    const backend = await openBackend(1_000)
    const { rows } = await client.query<{ schema: string }>(
      "select nspname as schema from pg_namespace where nspname like 'test_%'",
    )
    for (const { schema } of rows)
      await client.exec(`alter table ${schema}.events add check (type <> 'Refused')`)
    const error = await refusedWith(() =>
      backend.store.append('counter:1', [{ type: 'Refused', data: { secret: 'hunter2' } }]),
    )
    expect(error).toMatchObject({ code: 'BACKEND_FAILED', outcome: 'not-applied' })
    expect((error as Error).message).not.toContain('hunter2')
    expect((error as Error).cause).not.toHaveProperty('params')
  })

  it('is created by an explicit call, and says when it is missing', async () => {
    const schema = uniqueSchema()
    expect(await refusedWith(() => pglite({ client, schema }))).toMatchObject({ code: 'STORE_MISSING' })
    await Promise.all([createSchema(client, { schema, partitions: 2 }), createSchema(client, { schema })])
    expect((await pglite({ client, schema })).store.partitions).toBe(2)
  })

  it('in memory lives as long as its backend', async () => {
    const backend = await openUrl('pglite:memory:', { create: true })
    await backend.store.append('counter:1', [counted(1)])
    await backend.close()
    await using another = await openUrl('pglite:memory:', { create: true })
    expect((await another.store.head('counter:1')).version).toBe(0)
  })

  it('wakes those who wait for the feed of commits of every store over it, and finds those of the caller', async () => {
    const schema = uniqueSchema()
    // Without a look within the time of the test.
    const [one, two] = await Promise.all(
      [1, 2].map(() => pglite({ client, schema, create: true, pollIntervalMs: 1_000_000 })),
    )
    const third = await pglite({ client, schema })
    for (const [reader, append] of [
      [one, () => one?.store.append('counter:1', [counted(1)])],
      [two, () => one?.transaction(({ store }) => store.append('counter:1', [counted(2)]))],
      [
        third,
        () => client.transaction((native) => third.within(native).store.append('counter:1', [counted(3)])),
      ],
    ] as const) {
      if (reader === undefined) throw new Error('two were opened')
      const after = await reader.store.feedHead()
      const woken = reader.store.waitForFeed({ after, timeoutMs: 30_000 })
      await new Promise((resolve) => setImmediate(resolve))
      await append()
      await woken
      expect(await reader.store.feed({ after }).toArray()).toHaveLength(1)
    }
  })
})
