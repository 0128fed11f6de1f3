import { expect, it } from 'vitest'
import { postgres } from '../src/index.ts'
import { uniqueSchema } from './backend.ts'
import { counted, refusedWith, useDatabase } from './database.ts'

const database = useDatabase()

/** A store, and a caller's client with an open transaction and a table of its own. */
async function openCaller() {
  const pool = database.pool()
  const backend = await postgres({ pool, schema: uniqueSchema(), create: true })
  const client = await pool.connect()
  database.onEnd(async () => client.release(true))
  const table = `own_${uniqueSchema()}`
  await client.query(`create table ${table} (id int)`)
  await client.query('begin')
  await client.query(`insert into ${table} values (1)`)
  const rows = async () => (await pool.query(`select id from ${table}`)).rows
  return { backend, client, transaction: backend.within(client), rows }
}

const sequences = (events: readonly { readonly position: string }[]) =>
  events.map(({ position }) => position.split('.')[2])

it("is part of the caller's transaction: seen by nobody before the commit, by all after it", async () => {
  const { backend, client, transaction, rows } = await openCaller()
  await transaction.store.append('counter:1', [counted(1), counted(2)])
  await transaction.documents.collection('notes').put('n', 1)
  expect(await transaction.store.read('counter:1').toArray()).toHaveLength(2)
  expect(await backend.store.feed().toArray()).toEqual([])
  expect(await backend.documents.collection('notes').get('n')).toBeUndefined()
  await client.query('commit')
  expect(sequences(await backend.store.feed().toArray())).toEqual(['1', '2'])
  expect(await backend.documents.collection('notes').get('n')).toMatchObject({ value: 1 })
  expect(await rows()).toEqual([{ id: 1 }])
})

it('is taken back by a rollback, and leaves no gap', async () => {
  const { backend, client, transaction, rows } = await openCaller()
  await transaction.store.append('counter:1', [counted(1), counted(2)])
  await client.query('rollback')
  await backend.store.append('counter:1', [counted(3)], { expectedVersion: 'none' })
  expect(sequences(await backend.store.feed().toArray())).toEqual(['1'])
  expect(await rows()).toEqual([])
})

it('goes on after a conflict, a refused document and a sealed partition', async () => {
  const { backend, client, transaction, rows } = await openCaller()
  const { store, documents } = transaction
  const notes = documents.collection('notes')
  await store.append('counter:1', [counted(1)])
  expect(
    await refusedWith(() => store.append('counter:1', [counted(2)], { expectedVersion: 5 })),
  ).toMatchObject({
    code: 'VERSION_CONFLICT',
    actualVersion: 1,
  })
  await notes.put('n', 1)
  expect(await refusedWith(() => notes.put('n', 2, { expectedRevision: 'none' }))).toMatchObject({
    code: 'REVISION_CONFLICT',
  })
  await store.seal(0)
  expect(await refusedWith(() => store.append('counter:1', [counted(2)]))).toMatchObject({
    code: 'PARTITION_SEALED',
  })
  await store.seal(0, false)
  await store.append('counter:1', [counted(2)], { expectedVersion: 1 })
  await client.query('commit')
  expect((await backend.store.read('counter:1').toArray()).map(({ data }) => data)).toEqual([
    { number: 1 },
    { number: 2 },
  ])
  expect(await rows()).toEqual([{ id: 1 }])
})

it('goes on after waiting too long for another transaction', async () => {
  const { backend, client, transaction, rows } = await openCaller()
  const other = await database.pool().connect()
  await other.query('begin')
  await backend.within(other).store.append('counter:1', [counted(1)])
  const options = { lockTimeoutMs: 100 }
  expect(await refusedWith(() => transaction.store.append('counter:1', [counted(2)], options))).toMatchObject(
    {
      code: 'BUSY',
      outcome: 'not-applied',
    },
  )
  await other.query('commit')
  other.release()
  expect(await transaction.store.append('counter:1', [counted(3)], options)).toMatchObject({ version: 2 })
  await client.query('commit')
  expect(await rows()).toEqual([{ id: 1 }])
})

it("leaves the caller's settings as they were", async () => {
  const { client, transaction } = await openCaller()
  await client.query("set local lock_timeout = '77s'")
  await transaction.store.append('counter:1', [counted(1)], { lockTimeoutMs: 50 })
  await transaction.documents.collection('notes').put('n', 1)
  await transaction.store.truncate('counter:1', { before: 1 })
  const show = async (name: string) =>
    (await client.query<Record<string, string>>(`show ${name}`)).rows[0]?.[name]
  expect(await show('lock_timeout')).toBe('77s')
  expect(await show('enable_seqscan')).toBe('on')
  expect(await show('plan_cache_mode')).toBe('auto')
  await client.query('commit')
})

it('undoes a nested part alone, and all of a transaction whose statement failed unheeded', async () => {
  const { backend } = await openCaller()
  await backend.transaction(async ({ store, native }) => {
    await store.append('counter:1', [counted(1)])
    await native.query('savepoint mine')
    await store.append('counter:1', [counted(2)])
    await native.query('rollback to savepoint mine')
    await store.append('counter:1', [counted(3)], { expectedVersion: 1 })
  })
  expect((await backend.store.read('counter:1').toArray()).map(({ data }) => data)).toEqual([
    { number: 1 },
    { number: 3 },
  ])
  const unheeded = backend.transaction(async ({ store, native }) => {
    await store.append('counter:1', [counted(4)])
    await native.query('select 1 / 0').catch(() => undefined)
  })
  await expect(unheeded).rejects.toMatchObject({ code: 'BACKEND_FAILED', outcome: 'not-applied' })
  expect((await backend.store.head('counter:1')).version).toBe(2)
})
