import { createStore, redis } from '@eventspine/redis'
import { Redis } from 'ioredis'

const client = new Redis(process.env.REDIS_URL ?? '', { maxRetriesPerRequest: 0 })
await createStore(client, { prefix: 'bank' })
const backend = await redis({ client, prefix: 'bank' })

const deposit = { type: 'MoneyDeposited', data: { cents: 2000 } }
const { version } = await backend.store.append('bank-account:42', [deposit], { expectedVersion: 'none' })
console.log(version) // => 1

for await (const event of backend.store.read('bank-account:42')) console.log(event.data) // => { cents: 2000 }

await backend.close()
client.disconnect()
