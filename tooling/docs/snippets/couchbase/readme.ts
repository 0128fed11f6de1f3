import { couchbase, createStore } from '@eventspine/couchbase'
import { connect } from 'couchbase'

const cluster = await connect(process.env.COUCHBASE_URL ?? '', { username: 'app', password: 'secret' })
const collection = cluster.bucket('default').defaultCollection()
await createStore(collection, { prefix: 'bank' })
const backend = await couchbase({ collection, prefix: 'bank' })

const deposit = { type: 'MoneyDeposited', data: { cents: 2000 } }
const { version } = await backend.store.append('bank-account:42', [deposit], { expectedVersion: 'none' })
console.log(version) // => 1

for await (const event of backend.store.read('bank-account:42')) console.log(event.data) // => { cents: 2000 }

await backend.close()
await cluster.close()
