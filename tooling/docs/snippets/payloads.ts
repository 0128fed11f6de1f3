import { memory } from '@eventspine/memory'
import { collectOrphans, withPayloads } from '@eventspine/payloads'

const events = memory()
await using payloads = memory()
await using vault = memory()

await using backend = withPayloads(events, {
  documents: payloads.documents,
  segments: { personal: { documents: vault.documents, select: ['name', 'email'] } },
})
const photo = { name: 'Ada', email: 'ada@example.org', size: 'A4', pixels: 'p'.repeat(100_000) }
await backend.store.append('order:42', [{ type: 'PhotoOrdered', data: photo }])

for await (const event of backend.store.read('order:42')) {
  const { name, size, pixels } = event.data as typeof photo
  console.log(name, size, pixels.length) // => Ada A4 100000
}

// Without the claim check everything but the data is there.
for await (const { type, streamPosition } of events.store.read('order:42')) {
  console.log(type, streamPosition) // => PhotoOrdered 1
}

console.log((await collectOrphans(backend)).deleted) // => 0
