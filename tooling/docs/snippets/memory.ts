import { EventStoreError } from '@eventspine/core'
import { Faults, memory } from '@eventspine/memory'

const faults = new Faults()
await using backend = memory({ faults, clock: () => Date.UTC(2026, 10, 21) })
const deposit = { id: crypto.randomUUID(), type: 'MoneyDeposited', data: { cents: 2000 } }
const append = () => backend.store.append('bank-account:42', [deposit], { expectedVersion: 'none' })

faults.failAfter('append')
const error: unknown = await append().catch((thrown: unknown) => thrown)
console.log(EventStoreError.is(error) && error.outcome) // => unknown

const { repeated, version } = await append()
console.log(repeated, version) // => true 1

const [event] = await backend.store.read('bank-account:42').toArray()
console.log(event?.timestamp) // => 2026-11-21T00:00:00.000Z
