import { describe, expect, it } from 'vitest'
import { createSchema, openUrl, postgres, schemaSql } from '../src/index.ts'
import { poolOf, serverUrl, uniqueSchema } from './backend.ts'
import { counted, refusedWith, useDatabase } from './database.ts'

const database = useDatabase()

describe('opening', () => {
  it('creates nothing unless asked, and says what to do', async () => {
    const pool = database.pool()
    const schema = uniqueSchema()
    const error = await refusedWith(() => postgres({ pool, schema }))
    expect(error).toMatchObject({ code: 'STORE_MISSING', outcome: 'not-applied' })
    expect(String(error)).toMatch(/createSchema\(\).*create: true/)
    expect((await pool.query('select to_regnamespace($1) as there', [schema])).rows).toEqual([
      { there: null },
    ])
  })

  it('creates once, and opens what is there from then on with the same incarnation', async () => {
    const pool = database.pool()
    const schema = uniqueSchema()
    const [first, second] = [
      await postgres({ pool, schema, create: true, partitions: 4 }),
      await postgres({ pool, schema, create: true }),
    ]
    expect(second.store.incarnation).toBe(first.store.incarnation)
    expect(second.store.partitions).toBe(4)
    expect(await refusedWith(() => postgres({ pool, schema, partitions: 8 }))).toMatchObject({
      code: 'STORE_INCOMPATIBLE',
    })
    expect(await refusedWith(() => createSchema(pool, { schema, partitions: 8 }))).toMatchObject({
      code: 'STORE_INCOMPATIBLE',
    })
  })

  it.each([
    ['a newer schema', 'schema_version = 99', /upgrade the library/],
    ['an older schema', 'schema_version = 1', /createSchema\(\)/],
    ['a newer format', 'format_version = 2', /upgrade the library/],
    ['another hash', "hash = 'crc32'", /hash crc32/],
    ['a damaged incarnation', "incarnation = 'x'", /incarnation/],
    ['a damaged number of partitions', 'partitions = 3', /partition count/],
  ])('refuses %s', async (_, change, message) => {
    const pool = database.pool()
    const schema = uniqueSchema()
    await createSchema(pool, { schema })
    await pool.query(`update ${schema}.store set ${change}`)
    const error = await refusedWith(() => postgres({ pool, schema }))
    expect(error).toMatchObject({ code: 'STORE_INCOMPATIBLE', outcome: 'not-applied' })
    expect(String(error)).toMatch(message)
    if (!change.includes('schema_version = 1')) {
      expect(await refusedWith(() => createSchema(pool, { schema }))).toMatchObject({
        code: 'STORE_INCOMPATIBLE',
      })
    }
  })

  it('refuses a manifest that is gone, and a schema that is no store', async () => {
    const pool = database.pool()
    const schema = uniqueSchema()
    await createSchema(pool, { schema })
    await pool.query(`delete from ${schema}.store`)
    expect(await refusedWith(() => postgres({ pool, schema }))).toMatchObject({ code: 'STORE_MISSING' })
    // A new incarnation would not fit the positions that are out there.
    expect(await refusedWith(() => createSchema(pool, { schema }))).toMatchObject({
      code: 'STORE_INCOMPATIBLE',
    })
    expect(await refusedWith(() => postgres({ pool, schema: 'public' }))).toMatchObject({
      code: 'STORE_MISSING',
    })
  })
})

describe('creating', () => {
  it('is done once when 8 processes start at a time', async () => {
    const schema = uniqueSchema()
    const pools = Array.from({ length: 8 }, () => database.pool(1))
    const backends = await Promise.all(
      pools.map((pool) => postgres({ pool, schema, create: true, partitions: 2 })),
    )
    expect(new Set(backends.map(({ store }) => store.incarnation)).size).toBe(1)
    const { rows } = await database.admin.query(`select count(*)::int as count from ${schema}.partitions`)
    expect(rows).toEqual([{ count: 2 }])
  })

  it('is done wholly or not at all', async () => {
    const pool = database.pool()
    const schema = uniqueSchema()
    // Something of one of the last steps stands in the way.
    await pool.query(
      `create schema ${schema}; create function ${schema}.list_documents(text, int, text, text, int) returns int language sql as 'select 1'`,
    )
    expect(await refusedWith(() => createSchema(pool, { schema }))).toMatchObject({
      code: 'BACKEND_FAILED',
      outcome: 'not-applied',
    })
    const { rows } = await pool.query('select to_regclass($1) as there', [`${schema}.store`])
    expect(rows).toEqual([{ there: null }])
  })

  it('brings a store of version 6 up to date, with all that it holds', async () => {
    const pool = database.pool()
    const schema = uniqueSchema()
    const { store } = await postgres({ pool, schema, create: true })
    await store.append('counter:1', [counted(1), counted(2)])
    // What version 7 replaced and added; an older function in its place has to go.
    await pool.query(`
      drop function ${schema}.stream_chunks, ${schema}.feed_chunks, ${schema}.read_forward, ${schema}.read_feed;
      create function ${schema}.read_feed(integer, bigint, integer) returns text language sql as $$ select 'old' $$;
      update ${schema}.store set schema_version = 6`)
    expect(await refusedWith(() => postgres({ pool, schema }))).toMatchObject({ code: 'STORE_INCOMPATIBLE' })
    await createSchema(pool, { schema })
    const { store: current } = await postgres({ pool, schema })
    expect(await current.read('counter:1').toArray()).toHaveLength(2)
    expect(await current.feed().toArray()).toHaveLength(2)
    const { rows } = await pool.query(
      `select count(*)::int as functions from pg_proc where proname = 'read_feed' and pronamespace = '${schema}'::regnamespace`,
    )
    expect(rows).toEqual([{ functions: 1 }])
  })

  it('keeps several stores in one database, and over one pool, apart', async () => {
    const pool = database.pool(1)
    const [one, two] = await Promise.all([
      postgres({ pool, schema: uniqueSchema(), create: true }),
      postgres({ pool, schema: uniqueSchema(), create: true, partitions: 2 }),
    ])
    await Promise.all([
      one.store.append('counter:1', [counted(1)]),
      two.store.append('counter:1', [counted(2), counted(3)]),
    ])
    await one.documents.collection('notes').put('n', 1)
    expect((await one.store.head('counter:1')).version).toBe(1)
    expect((await two.store.head('counter:1')).version).toBe(2)
    expect(await two.documents.collection('notes').get('n')).toBeUndefined()
    expect(one.store.incarnation).not.toBe(two.store.incarnation)
  })

  it('takes a schema that somebody else has made, without the right to make one', async () => {
    const schema = uniqueSchema()
    const role = `role_${schema}`
    await database.admin.query(
      `create role ${role} login password 'pw'; create schema ${schema} authorization ${role}`,
    )
    const url = new URL(database.url)
    ;[url.username, url.password] = [role, 'pw']
    const pool = poolOf(url.href)
    database.onEnd(() => pool.end())
    await createSchema(pool, { schema })
    await (await postgres({ pool, schema })).store.append('counter:1', [counted(1)])
    expect(await refusedWith(() => createSchema(pool, { schema: uniqueSchema() }))).toMatchObject({
      code: 'ACCESS_DENIED',
    })
  })

  it('refuses a database that is not in UTF8', async () => {
    const name = `latin_${uniqueSchema()}`
    const admin = poolOf(serverUrl(), { max: 1 })
    await admin.query(
      `create database ${name} encoding 'LATIN1' locale_provider libc locale 'C' template template0`,
    )
    const url = new URL(serverUrl())
    url.pathname = `/${name}`
    try {
      const error = await refusedWith(() => openUrl(url.href, { create: true }))
      expect(error).toMatchObject({ code: 'STORE_INCOMPATIBLE' })
      expect(String(error)).toContain('UTF8')
    } finally {
      await admin.query(`drop database ${name} with (force)`)
      await admin.end()
    }
  })

  it('can be done by hand with the SQL that it would run, but for the manifest', async () => {
    const pool = database.pool()
    const schema = uniqueSchema()
    await pool.query(`create schema ${schema}`)
    await pool.query(await schemaSql(schema))
    expect(await refusedWith(() => postgres({ pool, schema }))).toMatchObject({ code: 'STORE_MISSING' })
    await createSchema(pool, { schema, partitions: 4 })
    expect((await postgres({ pool, schema })).store.partitions).toBe(4)
    expect(await schemaSql(schema)).not.toMatch(/\beventspine\./)
    expect(await schemaSql(schema, 5)).toMatch(/^-- Stores events of one partition/)
  })
})

describe('the least privileges', () => {
  it('that the README names suffice to work, and not to do more', async () => {
    const schema = uniqueSchema()
    const role = `role_${schema}`
    await createSchema(database.admin, { schema })
    await database.admin.query(`create role ${role} login password 'pw'`)
    const url = new URL(database.url)
    ;[url.username, url.password] = [role, 'pw']
    const pool = poolOf(url.href)
    database.onEnd(() => pool.end())
    expect(await refusedWith(() => postgres({ pool, schema }))).toMatchObject({ code: 'ACCESS_DENIED' })
    await database.admin.query(`
      grant usage on schema ${schema} to ${role};
      grant select on all tables in schema ${schema} to ${role};
      grant insert, update on ${schema}.events to ${role};
      grant update on ${schema}.partitions to ${role};
      grant insert, update, delete on ${schema}.documents to ${role};
      grant usage on ${schema}.document_revision to ${role};
    `)
    const { store, documents } = await postgres({ pool, schema })
    await store.append('counter:1', [counted(1), counted(2)])
    await store.truncate('counter:1', { before: 2 })
    await store.seal(0)
    await store.seal(0, false)
    const notes = documents.collection('notes', { listed: true })
    await notes.put('n', 1, { expiresInMs: 60_000 })
    await notes.delete('n')
    await expect(pool.query(`delete from ${schema}.events`)).rejects.toMatchObject({ code: '42501' })
  })
})
