import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { createStore, createTable, dynamodb } from '@eventspine/dynamodb'

const client = new DynamoDBClient()
await createTable(client, { table: 'bank' })
await createStore(client, { table: 'bank' })
const backend = await dynamodb({ client, table: 'bank' })

const deposit = { type: 'MoneyDeposited', data: { cents: 2000 } }
const { version } = await backend.store.append('bank-account:42', [deposit], { expectedVersion: 'none' })
console.log(version) // => 1

for await (const event of backend.store.read('bank-account:42')) console.log(event.data) // => { cents: 2000 }

await backend.close()
client.destroy()
