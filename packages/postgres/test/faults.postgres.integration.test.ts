import { randomUUID } from 'node:crypto'
import { EventStoreError } from '@eventspine/core'
import { freePort, startFaultProxy, startPostgres, waitUntil } from '@eventspine/servers'
import { Pool } from 'pg'
import { describe, expect, it } from 'vitest'
import { openUrl, postgres } from '../src/index.ts'
import { uniqueSchema } from './backend.ts'
import { counted, refusedWith, useDatabase } from './database.ts'

const database = useDatabase()

function urlWith(change: (url: URL) => void): string {
  const url = new URL(database.url)
  change(url)
  return url.href
}

describe('opening is refused with what is the matter', () => {
  it('when the password is wrong or missing, and repeats neither', async () => {
    const role = `role_${uniqueSchema()}`
    await database.admin.query(`create role ${role} login password 'right'`)
    // A server that trusts everybody refuses nobody.
    const { rows } = await database.admin.query<{ methods: string }>(
      "select string_agg(distinct auth_method, ',') as methods from pg_hba_file_rules where type like 'host%'",
    )
    const wrong = urlWith((url) => ([url.username, url.password] = [role, 'hunter2']))
    const error = await refusedWith(() => openUrl(wrong))
    if (rows[0]?.methods !== 'trust')
      expect(error).toMatchObject({ code: 'ACCESS_DENIED', outcome: 'not-applied' })
    expect(`${String(error)} ${String((error as Error).cause)}`).not.toContain('hunter2')
    const unknownUser = urlWith((url) => ([url.username, url.password] = [`nobody_${role}`, 'hunter2']))
    expect(await refusedWith(() => openUrl(unknownUser))).toMatchObject({
      code: 'ACCESS_DENIED',
      outcome: 'not-applied',
    })
  })

  it('when the database does not exist', async () => {
    const url = urlWith((each) => (each.pathname = '/nowhere'))
    const error = await refusedWith(() => openUrl(url, { create: true }))
    expect(error).toMatchObject({ code: 'STORE_MISSING', outcome: 'not-applied' })
    expect(String(error)).toContain('the database does not exist')
  })

  it('when no server is there', async () => {
    const port = await freePort()
    const url = urlWith((each) => ([each.port, each.password] = [String(port), 'hunter2']))
    const error = await refusedWith(() => openUrl(url))
    expect(error).toMatchObject({ code: 'BACKEND_UNAVAILABLE', outcome: 'not-applied', retryable: true })
    expect(String(error)).not.toContain('hunter2')
  })
})

it('says BUSY when the pool has no connection to give, with nothing written', async () => {
  const pool = new Pool({ connectionString: database.url, max: 1, connectionTimeoutMillis: 200 })
  database.onEnd(() => pool.end())
  const backend = await postgres({ pool, schema: uniqueSchema(), create: true })
  const taken = await pool.connect()
  expect(await refusedWith(() => backend.store.append('counter:1', [counted(1)]))).toMatchObject({
    code: 'BUSY',
    outcome: 'not-applied',
    retryable: true,
  })
  expect(await refusedWith(() => backend.store.head('counter:1'))).toMatchObject({ code: 'BUSY' })
  taken.release()
  expect(await backend.store.append('counter:1', [counted(1)])).toMatchObject({ version: 1 })
})

it('refuses what comes after the pool has been ended', async () => {
  const pool = new Pool({ connectionString: database.url, max: 1 })
  const backend = await postgres({ pool, schema: uniqueSchema(), create: true })
  await pool.end()
  expect(await refusedWith(() => backend.store.append('counter:1', [counted(1)]))).toMatchObject({
    code: 'CLOSED',
  })
})

it('tells a connection killed inside an append as unknown; a repeat at the exact version decides it', async () => {
  const pool = database.pool()
  const schema = uniqueSchema()
  const { store } = await postgres({ pool, schema, create: true })
  const holder = await database.admin.connect()
  await holder.query('begin')
  await holder.query(`select from ${schema}.partitions for update`)
  const event = { ...counted(1), id: randomUUID() }
  const append = () => store.append('counter:1', [event], { expectedVersion: 0, lockTimeoutMs: 60_000 })
  const killed = refusedWith(append)
  const terminated = await waitUntil(
    async () => {
      const { rowCount } = await database.admin.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and wait_event_type = 'Lock' and query like '%append%' and pid <> pg_backend_pid()`,
      )
      return rowCount === 1
    },
    { deadlineMs: 20_000 },
  )
  expect(terminated).toBe(true)
  expect(await killed).toMatchObject({ code: 'OUTCOME_UNKNOWN', outcome: 'unknown', retryable: true })
  await holder.query('rollback')
  holder.release()
  expect(await append()).toMatchObject({ version: 1, repeated: false })
  expect(await append()).toMatchObject({ version: 1, repeated: true })
  expect(await store.feed().toArray()).toHaveLength(1)
})

it('splits what is too large for one message; when a part is lost, what follows is not sent', async () => {
  const schema = uniqueSchema()
  await using proxy = await startFaultProxy(database.url)
  await using backend = await postgres.connect(proxy.url, { schema, create: true })
  const large = (name: string) => ({ type: 'Counted', data: { name, padding: 'x'.repeat(5 * 1024 * 1024) } })
  const all = () =>
    Promise.allSettled(
      ['one', 'two', 'three'].map((name) =>
        backend.store.append(`counter:${name}`, [large(name)], { expectedVersion: 0 }),
      ),
    )
  const lost = proxy.loseReply({ containing: 'counter:two' })
  const settled = await all()
  await lost
  expect(settled).toMatchObject([
    { status: 'fulfilled', value: { version: 1 } },
    { status: 'rejected', reason: { code: 'OUTCOME_UNKNOWN', outcome: 'unknown' } },
    { status: 'rejected', reason: { code: 'BACKEND_UNAVAILABLE', outcome: 'not-applied', retryable: true } },
  ])
  const feed = await backend.store.feed().toArray()
  expect(feed.map(({ streamId }) => streamId)).toEqual(['counter:one', 'counter:two'])
  expect((await all()).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled'])
})

it('rolls a transaction back whose connection is killed, and says that nothing was applied', async () => {
  const pool = database.pool()
  const backend = await postgres({ pool, schema: uniqueSchema(), create: true })
  const error = await refusedWith(() =>
    backend.transaction(async ({ store, native }) => {
      await store.append('counter:1', [counted(1)])
      const { rows } = await native.query<{ pid: number }>('select pg_backend_pid() as pid')
      await database.admin.query('select pg_terminate_backend($1)', [rows[0]?.pid])
      await store.append('counter:1', [counted(2)])
    }),
  )
  expect(error).toMatchObject({ code: 'BACKEND_UNAVAILABLE', outcome: 'not-applied', retryable: true })
  expect((await backend.store.head('counter:1')).version).toBe(0)
})

it('goes on when the server comes back from a crash under load, with all that was acknowledged, once', async () => {
  await using server = await startPostgres()
  await using backend = await postgres.connect(server.url, { create: true, connectionTimeoutMs: 2_000 })
  const { store } = backend
  const acknowledged = new Set<string>()
  const codes = new Set<string>()
  let down = false
  let done = false
  const writers = Array.from({ length: 8 }, async (_, writer) => {
    const streamId = `counter:${writer}`
    for (let version = 0; !done;) {
      const event = { ...counted(version), id: randomUUID() }
      // The same ids at the same version until the outcome is known.
      for (;;) {
        try {
          await store.append(streamId, [event], { expectedVersion: version })
          break
        } catch (error) {
          if (!EventStoreError.is(error)) throw error
          codes.add(`${error.code} ${error.outcome}`)
          expect(error.retryable).toBe(true)
          await waitUntil(() => !down, { deadlineMs: 60_000 })
        }
      }
      acknowledged.add(event.id)
      version++
    }
  })
  for (let round = 1; round <= 2; round++) {
    const before = acknowledged.size
    await waitUntil(() => acknowledged.size > before + 100, { deadlineMs: 60_000 })
    down = true
    await server.kill()
    expect(await refusedWith(() => store.head('counter:1'))).toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      outcome: 'not-applied',
    })
    await server.restart()
    down = false
  }
  const afterwards = acknowledged.size
  await waitUntil(() => acknowledged.size > afterwards + 100, { deadlineMs: 60_000 })
  done = true
  await Promise.all(writers)
  const feed = await store.feed().toArray()
  expect(feed.map(({ id }) => id).sort()).toEqual([...acknowledged].sort())
  expect(feed.map(({ position }) => Number(position.split('.')[2]))).toEqual(
    feed.map((_, index) => index + 1),
  )
  expect(
    [...codes].filter((code) => !/^(OUTCOME_UNKNOWN unknown|BACKEND_UNAVAILABLE not-applied)$/.test(code)),
  ).toEqual([])
})
