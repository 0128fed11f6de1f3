import { defineEvents } from '@eventspine/core'
import { runTableProjection, tableProjection } from '@eventspine/cqrs'
import { createSchema, postgres } from '@eventspine/postgres'
import { Pool, type PoolClient } from 'pg'
import { z } from 'zod'

const account = defineEvents('bank-account', {
  MoneyDeposited: z.object({ cents: z.number().int().positive() }),
})

const pool = new Pool({ connectionString: process.env.DATABASE_URL })
pool.on('error', (error) => console.error(`an idle connection broke: ${error.message}`))
await createSchema(pool, { schema: 'bank', partitions: 1 })
const backend = await postgres({ pool, schema: 'bank' })

// #region tables
const balances = tableProjection({
  name: 'balances',
  events: account,
  tables: ['balances'],
  create: (client: PoolClient, table) =>
    client.query(`create table ${table('balances')} (account text primary key, cents bigint not null)`),
  apply: {
    MoneyDeposited: ({ streamId, data }, { client, table }) =>
      client.query(
        `insert into ${table('balances')} as old values ($1, $2)
         on conflict (account) do update set cents = old.cents + excluded.cents`,
        [streamId, data.cents],
      ),
  },
})

const running = await runTableProjection(backend, balances)
const { token } = await account
  .store(backend.store)
  .append(account.stream('42'), [account.event('MoneyDeposited', { cents: 2000 })])
await running.caughtUpTo(token)
const { rows } = await pool.query('select account, cents::int from balances')
console.log(rows) // => [ { account: 'bank-account:42', cents: 2000 } ]
// #endregion

await running.stop()
await backend.close()
await pool.end()
