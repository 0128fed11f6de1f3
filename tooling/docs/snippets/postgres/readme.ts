import { createSchema, postgres } from '@eventspine/postgres'
import { Pool } from 'pg'

const pool = new Pool({ connectionString: process.env.DATABASE_URL })
await createSchema(pool)
const backend = await postgres({ pool })

const deposit = { type: 'MoneyDeposited', data: { cents: 2000 } }
const { version } = await backend.store.append('bank-account:42', [deposit], { expectedVersion: 'none' })
console.log(version) // => 1

for await (const event of backend.store.read('bank-account:42')) console.log(event.data) // => { cents: 2000 }

await backend.close()
await pool.end()
