import { defineEvents } from '@eventspine/core'
import { createSchema, postgres } from '@eventspine/postgres'
import { Pool, type PoolClient } from 'pg'
import { z } from 'zod'

const account = defineEvents('bank-account', {
  AccountOpened: z.object({ owner: z.string() }),
  MoneyDeposited: z.object({ cents: z.number().int().positive() }),
})

// #region pool
const pool = new Pool({ connectionString: process.env.DATABASE_URL })
pool.on('error', (error) => console.error(`an idle connection broke: ${error.message}`))
// #endregion

// #region create
await createSchema(pool, { schema: 'bank', partitions: 1 })
// #endregion

// #region open
const backend = await postgres({ pool, schema: 'bank' })
const accounts = account.store(backend.store)
// #endregion

await pool.query('create table owners (account text primary key, owner text not null)')
await pool.query('create table balances (account text primary key, cents bigint not null)')

// #region within
const client = await pool.connect()
try {
  await client.query('begin')
  await client.query('insert into owners (account, owner) values ($1, $2)', ['42', 'Ada'])
  const { store } = backend.within(client)
  await account.store(store).append(account.stream('42'), [account.event('AccountOpened', { owner: 'Ada' })])
  await client.query('commit')
} catch (error) {
  await client.query('rollback')
  throw error
} finally {
  client.release()
}
// #endregion

// #region read-model
const subscription = await backend.stream.subscribe({
  group: 'balances',
  effects: 'transaction',
  handlers: account.handlers<PoolClient>({
    MoneyDeposited: async ({ streamId, data }, { transaction }) => {
      await transaction.query(
        `insert into balances (account, cents) values ($1, $2)
         on conflict (account) do update set cents = balances.cents + $2`,
        [streamId, data.cents],
      )
    },
  }),
})

const { token } = await accounts.append(account.stream('42'), [
  account.event('MoneyDeposited', { cents: 2000 }),
])
await subscription.caughtUpTo(token)
const { rows } = await pool.query('select cents from balances where account = $1', ['bank-account:42'])
console.log(rows[0].cents) // => 2000
// #endregion

// #region close
await backend.close()
await pool.end()
// #endregion
