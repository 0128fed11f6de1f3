import { EventStoreError } from '@eventspine/core'
import { memory } from '@eventspine/memory'

const { store } = memory()
const streamId = 'bank-account:42'
const events = [{ type: 'MoneyDeposited', data: { cents: 2000 } }]
await store.append(streamId, events)

// #region is
try {
  await store.append(streamId, events, { expectedVersion: 3 })
} catch (error) {
  if (!EventStoreError.is(error, 'VERSION_CONFLICT')) throw error
  console.log(error.actualVersion) // => 1
}
// #endregion
