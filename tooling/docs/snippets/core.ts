import { defineEvents, EventStoreError } from '@eventspine/core'
import { memory } from '@eventspine/memory'
import { z } from 'zod'

const account = defineEvents('bank-account', {
  AccountOpened: z.object({ owner: z.string() }),
  MoneyDeposited: z.object({ cents: z.number().int().positive() }),
})

await using backend = memory()
const accounts = account.store(backend.store)
const id = account.stream('42')

await accounts.append(id, [account.event('AccountOpened', { owner: 'Ada' })], { expectedVersion: 'none' })
const { version } = await accounts.append(id, [account.event('MoneyDeposited', { cents: 2000 })], {
  expectedVersion: 1,
})
console.log(version) // => 2

try {
  await accounts.append(id, [account.event('MoneyDeposited', { cents: 1 })], { expectedVersion: 1 })
} catch (error) {
  if (!EventStoreError.is(error, 'VERSION_CONFLICT')) throw error
  console.log(error.message) // => stream "bank-account:42" is at version 2, expected 1
}

let cents = 0
for await (const event of accounts.read(id)) {
  if (event.type === 'MoneyDeposited') cents += event.data.cents
}
console.log(cents) // => 2000

for await (const event of backend.store.feed()) {
  console.log(`${event.streamId} ${event.streamPosition} ${event.type}`)
}
// => bank-account:42 1 AccountOpened
// => bank-account:42 2 MoneyDeposited
