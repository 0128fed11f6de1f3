import { memory } from '@eventspine/memory'

const backend = memory()
await backend.store.append('order:1', [{ type: 'OrderPlaced', data: {} }])

// #region run-once
const { handled, caughtUp, ownedElsewhere } = await backend.stream.runOnce({
  group: 'mailer',
  budgetMs: 20_000,
  handlers: ({ streamId }) => console.log(`placed: ${streamId}`), // => placed: order:1
})
console.log({ handled, caughtUp, ownedElsewhere }) // => { handled: 1, caughtUp: true, ownedElsewhere: [] }
// #endregion

await backend.close()
