import { expect, it } from 'vitest'
import { postgres } from '../src/index.ts'
import { uniqueSchema } from './backend.ts'
import { counted, useDatabase } from './database.ts'

const database = useDatabase()

const EVENTS = 60_000

/** Rows as a long history leaves them, without the time that appending them would take. */
async function grow(schema: string, from: number): Promise<void> {
  await database.admin.query(`
    insert into ${schema}.events
      (position, version, recorded_at, partition, schema_version, codec, state, id, stream_id, type, data, metadata)
    select n, 1, 0, 0, 1, 0, 0, gen_random_uuid(), 'grown:' || n, 'Counted', '{"number":1}', '{}'
    from generate_series(${from}, ${EVENTS}) n`)
  await database.admin.query(`
    insert into ${schema}.documents (revision, partition, collection, key, value)
    select nextval('${schema}.document_revision'), 0, 'notes', 'grown-' || n, '1' from generate_series(1, ${EVENTS}) n`)
}

it('keeps its index plans on connections that prepared everything while the tables were empty', async () => {
  const pool = database.pool(1)
  const schema = uniqueSchema()
  const { store, documents } = await postgres({ pool, schema, create: true })
  const notes = documents.collection('notes', { listed: true })
  // The planner now believes to know that there is nothing.
  await database.admin.query(`vacuum analyze ${schema}.events; `)
  await database.admin.query(`vacuum analyze ${schema}.documents`)
  const everything = async (streamId: string): Promise<void> => {
    await store.head(streamId)
    await store.read(streamId, { limit: 2 }).toArray()
    await store.read(streamId, { limit: 2, direction: 'backward' }).toArray()
    await store.feed({ limit: 2 }).toArray()
    await store.feedHead()
    await notes.get('grown-7')
    for await (const _ of notes.list({ prefix: 'grown-59', pageSize: 5 })) break
    await store.append(streamId, [counted(1)])
    await Promise.all([1, 2].map((number) => store.append(`${streamId}-${number}`, [counted(1)])))
    await notes.put('mine', 2, { expectedRevision: { revision: await notes.put('mine', 1) } })
    await notes.delete('mine', {
      expectedRevision: { revision: await notes.put('mine', 3, { expiresInMs: 9_000 }) },
    })
    await documents.batch([notes.putting('mine', 1), notes.putting('yours', 1)])
  }
  for (let time = 1; time <= 8; time++) await everything('early')
  await grow(schema, 25)
  const scans = async () => {
    await database.admin.query('select pg_stat_clear_snapshot()')
    const { rows } = await database.admin.query<{ scans: string }>(
      `select coalesce(sum(seq_tup_read), 0) as scans from pg_stat_user_tables where schemaname = '${schema}' and relname in ('events', 'documents')`,
    )
    return Number(rows[0]?.scans)
  }
  // A session reports its counts when it ends, at the latest.
  await pool.query('select pg_stat_force_next_flush()')
  const before = await scans()
  for (let time = 1; time <= 5; time++) await everything(`late:${time}`)
  await pool.query('select pg_stat_force_next_flush()')
  await pool.query('select 1')
  expect((await scans()) - before).toBeLessThan(EVENTS / 10)
})

it('steps over any number of tombstones', async () => {
  const pool = database.pool(2)
  const schema = uniqueSchema()
  const { store } = await postgres({ pool, schema, create: true })
  const LENGTH = 3_000
  for (let from = 0; from < LENGTH; from += 500) {
    await store.append(
      'counter:1',
      Array.from({ length: 500 }, (_, index) => counted(from + index + 1)),
    )
  }
  for (const before of [1, 2, 3, 500, 501, 1777, LENGTH - 1, LENGTH, LENGTH + 1]) {
    await store.truncate('counter:1', { before })
    expect(await store.head('counter:1')).toMatchObject({
      version: LENGTH,
      firstVersion: before,
      exists: true,
    })
    const [first] = await store.read('counter:1', { limit: 1 }).toArray()
    expect(first?.streamPosition).toBe(before > LENGTH ? undefined : before)
    const all = await store.read('counter:1', { pageSize: 400 }).toArray()
    const backward = await store.read('counter:1', { pageSize: 400, direction: 'backward' }).toArray()
    expect(all).toHaveLength(LENGTH + 1 - before)
    expect(backward.map(({ streamPosition }) => streamPosition)).toEqual(
      all.map(({ streamPosition }) => streamPosition).reverse(),
    )
  }
  await store.append('counter:1', [counted(0)])
  expect(await store.read('counter:1').toArray()).toHaveLength(1)
  expect(await store.head('counter:1')).toMatchObject({ version: LENGTH + 1, firstVersion: LENGTH + 1 })
})

it('blanks what it removes: nothing of it is left in the table', async () => {
  const pool = database.pool(2)
  const schema = uniqueSchema()
  const { store } = await postgres({ pool, schema, create: true })
  await store.append('person:1', [{ type: 'Named', data: { name: 'Ada' }, metadata: { note: 'Ada' } }])
  await store.delete('person:1')
  const { rows } = await database.admin.query(`select events::text as row from ${schema}.events`)
  expect(rows).toHaveLength(1)
  expect(JSON.stringify(rows)).not.toContain('Ada')
})

it('takes expired documents away in passing, and never gives their revisions again', async () => {
  const pool = database.pool(2)
  const schema = uniqueSchema()
  const { documents } = await postgres({ pool, schema, create: true })
  const notes = documents.collection<number>('notes', { listed: true })
  const expired = await Promise.all(
    Array.from({ length: 30 }, (_, number) => notes.put(`n${number}`, number, { expiresInMs: 1 })),
  )
  await new Promise((resolve) => setTimeout(resolve, 10))
  expect(await notes.getMany(['n0', 'n29'])).toEqual([undefined, undefined])
  // Absent for expectations as well.
  const again = await notes.put('n0', 1, { expectedRevision: 'none' })
  await expect(
    notes.put('n1', 1, { expectedRevision: { revision: expired[1] ?? '' } }),
  ).rejects.toMatchObject({
    code: 'REVISION_CONFLICT',
  })
  expect(expired).not.toContain(again)
  for (let number = 0; number < 12; number++) await notes.put('other', number, { expiresInMs: 60_000 })
  const { rows } = await database.admin.query(`select key from ${schema}.documents order by key`)
  expect(rows).toEqual([{ key: 'n0' }, { key: 'other' }])
})
