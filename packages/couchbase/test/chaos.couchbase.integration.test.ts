import { expect, it } from 'vitest'
import { chaos } from './chaos.ts'
import { ownPrefix, useCollection } from './server.ts'

const collection = useCollection()

/** More of them are for the long tests. */
const ROUNDS = Number(
  process.env['EVENTSPINE_COUCHBASE_ROUNDS'] ?? (process.env['EVENTSPINE_TEST_QUICK'] ? 1 : 3),
)

it('loses nothing and doubles nothing when writers die and requests get lost, and shows all readers the same', async () => {
  const first = Number(process.env['EVENTSPINE_COUCHBASE_SEED'] ?? Date.now() % 1_000_000)
  for (let round = 0; round < ROUNDS; round++) {
    const seed = first + round
    try {
      const { events, deaths } = await chaos(collection(), {
        prefix: ownPrefix(),
        seed,
        writers: 8,
        appends: 12,
      })
      expect(events).toBeGreaterThan(20)
      expect(deaths).toBeGreaterThan(0)
    } catch (cause) {
      throw new Error(`EVENTSPINE_COUCHBASE_SEED=${seed} (runs differ by what comes first)`, { cause })
    }
  }
}, 600_000)
