import { type Backend, open } from '@eventspine/core'
import { createDatabase, type OwnDatabase, serverUrl } from '@eventspine/servers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  dropTableVersion,
  rebuildTableProjection,
  runTableProjection,
  type SqlClient,
  tableProjection,
} from '../src/index.ts'
import { account } from './account.ts'
import { PATIENCE, QUICK } from './balances.ts'
import { failureOf } from './failure-of.ts'

const BALANCES = tableProjection({
  name: 'balances',
  events: account,
  tables: ['balances'],
  create: (client, table) =>
    client.query(`create table ${table('balances')} (account text primary key, cents bigint not null)`),
  apply: {
    Deposited: ({ streamId, data }, { client, table }) =>
      client.query(
        `insert into ${table('balances')} as b values ($1, $2) on conflict (account) do update set cents = b.cents + excluded.cents`,
        [streamId, data.cents],
      ),
  },
})

/** The next version has another column, and counts bookings. */
const WITH_BOOKINGS = tableProjection({
  name: 'balances',
  version: 2,
  events: account,
  tables: ['balances'],
  create: (client, table) =>
    client.query(
      `create table ${table('balances')} (account text primary key, bookings int not null, cents bigint not null)`,
    ),
  apply: {
    Deposited: ({ streamId, data }, { client, table }) =>
      client.query(
        `insert into ${table('balances')} as b values ($1, 1, $2) on conflict (account) do update set bookings = b.bookings + 1, cents = b.cents + excluded.cents`,
        [streamId, data.cents],
      ),
  },
})

let database: OwnDatabase
let backend: Backend<SqlClient>
const opened: Backend[] = []

async function openBackend(): Promise<Backend<SqlClient>> {
  const adapters = { postgres: () => import('@eventspine/postgres') }
  const one = await open(
    database.url,
    { ...adapters, postgresql: adapters.postgres },
    { create: true, partitions: 2 },
  )
  opened.push(one)
  // Sound: what this adapter hands out is a client of pg.
  return one as Backend<SqlClient>
}

beforeEach(async () => {
  database = await createDatabase(await serverUrl('postgres'))
  backend = await openBackend()
})

afterEach(async () => {
  for (const one of opened.splice(0)) await one.close()
  await database.drop()
})

async function deposit(id: string, times = 1): Promise<string> {
  const events = Array.from({ length: times }, () => account.event('Deposited', { cents: 1 }))
  return (await account.store(backend.store).append(id, events)).token
}

async function select(text: string): Promise<readonly unknown[]> {
  return backend.transaction(async ({ native }) => (await native.query(text)).rows)
}

const rows = () => select('select account, cents::int from balances order by account')
const tables = () =>
  select("select tablename from pg_tables where tablename like 'balances%' order by tablename")

describe('a projection into tables', () => {
  test('has each effect exactly once, in the transaction of the checkpoint', async () => {
    let isBroken = true
    const fragile = tableProjection({
      ...BALANCES,
      events: account,
      apply: {
        Deposited: async ({ streamId, data }, { client, table }) => {
          await client.query(
            `insert into ${table('balances')} as b values ($1, $2) on conflict (account) do update set cents = b.cents + excluded.cents`,
            [streamId, data.cents],
          )
          // After the effect: it is undone with the transaction.
          if (isBroken && streamId === 'account:a1') throw new Error('cannot do it now')
        },
      },
    })
    await deposit('a0', 3)
    await deposit('a1', 3)
    await using running = await runTableProjection(backend, fragile, {
      ...QUICK,
      retry: { attempts: 2, initialDelayMs: 1 },
      onNotice: () => undefined,
    })
    const token = await deposit('a2', 2)
    await running.caughtUpTo(token, { timeoutMs: PATIENCE.timeout })
    const group = backend.stream.group('balances@1')
    await expect.poll(() => group.parked(), PATIENCE).toMatchObject([{ streamId: 'account:a1' }])
    isBroken = false
    await group.replay('account:a1')
    await expect.poll(rows, PATIENCE).toEqual([
      { account: 'account:a0', cents: 3 },
      { account: 'account:a1', cents: 3 },
      { account: 'account:a2', cents: 2 },
    ])
  })

  test('is rebuilt beside the tables that serve, which are swapped in one step, for readers in SQL too', async () => {
    await deposit('a0', 20)
    await using running = await runTableProjection(backend, BALANCES, QUICK)
    await running.caughtUpTo(await deposit('a1', 5), { timeoutMs: PATIENCE.timeout })
    let isOver = false
    const seen: unknown[] = []
    const reading = (async () => {
      while (!isOver)
        seen.push(...(await select("select cents::int from balances where account = 'account:a0'")))
    })()
    // Killed in the middle, and asked for again.
    const stopping = new AbortController()
    const killed = rebuildTableProjection(await openBackend(), WITH_BOOKINGS, {
      ...QUICK,
      signal: stopping.signal,
      onProgress: () => stopping.abort(),
    })
    expect(await failureOf(killed)).toMatchObject({ code: 'ABORTED' })
    const anew = await openBackend()
    expect(await rebuildTableProjection(anew, WITH_BOOKINGS, { ...QUICK, keepOld: true })).toEqual({
      version: 2,
      build: 2,
    })
    isOver = true
    await reading
    expect(seen.length).toBeGreaterThan(0)
    expect(new Set(seen.map((row) => JSON.stringify(row)))).toEqual(new Set(['{"cents":20}']))
    expect(await select('select * from balances order by account')).toMatchObject([
      { account: 'account:a0', bookings: 20 },
      { account: 'account:a1', bookings: 5 },
    ])
    expect(await tables()).toEqual([{ tablename: 'balances_v1' }, { tablename: 'balances_v2_b2' }])

    // The one that was kept goes on beside, until it is dropped.
    await running.caughtUpTo(await deposit('a0'), { timeoutMs: PATIENCE.timeout })
    expect(await select("select cents::int from balances_v1 where account = 'account:a0'")).toEqual([
      { cents: 21 },
    ])
    await dropTableVersion(backend, WITH_BOOKINGS, 1, QUICK)
    expect(await tables()).toEqual([{ tablename: 'balances_v2_b2' }])
    expect(await failureOf(running.completed)).toMatchObject({ code: 'STORE_INCOMPATIBLE' })
  })

  test('is made once by those who start it at the same time', async () => {
    const others = await Promise.all([openBackend(), openBackend(), openBackend()])
    const runs = await Promise.all(others.map((other) => runTableProjection(other, BALANCES, QUICK)))
    const token = await deposit('a0', 4)
    for (const run of runs) await run.caughtUpTo(token, { timeoutMs: PATIENCE.timeout })
    expect(await rows()).toEqual([{ account: 'account:a0', cents: 4 }])
    for (const run of runs) await run.stop()
  })
})
