import { expect, it } from 'vitest'
import { postgres } from '../src/index.ts'
import { poolOf, uniqueSchema } from './backend.ts'
import { counted, useDatabase } from './database.ts'

const database = useDatabase()

async function openTwo(pollIntervalMs?: number) {
  const schema = uniqueSchema()
  const first = await postgres({ pool: database.pool(), schema, partitions: 2, create: true, pollIntervalMs })
  const second = await postgres({ pool: database.pool(), schema })
  database.onEnd(async () => {
    await Promise.all([first.close(), second.close()])
  })
  return { first, second }
}

const TIMEOUT_MS = 20_000

it('wakes a reader soon after the commit of another client', async () => {
  const { first, second } = await openTwo()
  const latenciesMs: number[] = []
  for (let number = 0; number < 30; number++) {
    const after = await first.store.feedHead(0)
    const woken = first.store.waitForFeed({ after, timeoutMs: TIMEOUT_MS }).then(() => performance.now())
    // A stream of partition 0, found once.
    const { position } = await second.store.append('counter:2', [counted(number)])
    const committedMs = performance.now()
    if (position?.split('.')[1] !== '0') throw new Error('counter:2 is in partition 0 of 2')
    latenciesMs.push((await woken) - committedMs)
  }
  // 10 ms between two looks; a reader that nobody wakes waits for its whole time.
  expect(Math.max(...latenciesMs)).toBeLessThan(TIMEOUT_MS / 2)
})

it('wakes readers of its own commits without looking, transactions included', async () => {
  // The next look would come long after the test.
  const { first } = await openTwo(1_000_000)
  for (const append of [
    () => first.store.append('counter:2', [counted(1)]),
    () => first.transaction(({ store }) => store.append('counter:2', [counted(2)])),
  ]) {
    const after = await first.store.feedHead(0)
    const woken = first.store.waitForFeed({ after, timeoutMs: 30_000 })
    await new Promise((resolve) => setImmediate(resolve))
    await append()
    await woken
    expect(await first.store.feed({ after }).toArray()).toHaveLength(1)
  }
})

it("wakes readers of a caller's transaction when that commits", async () => {
  const { first } = await openTwo()
  const pool = database.pool()
  const client = await pool.connect()
  const after = await first.store.feedHead(0)
  await client.query('begin')
  await first.within(client).store.append('counter:2', [counted(1)])
  const woken = first.store.waitForFeed({ after, timeoutMs: 20_000 })
  await client.query('commit')
  client.release()
  await woken
  expect(await first.store.feed({ after }).toArray()).toHaveLength(1)
})

it('wakes instead of failing when it cannot look', async () => {
  const pool = poolOf(database.url, { max: 2 })
  const backend = await postgres({ pool, schema: uniqueSchema(), create: true, pollIntervalMs: 1 })
  const after = await backend.store.feedHead()
  await pool.end()
  await backend.store.waitForFeed({ after, timeoutMs: 20_000 })
})
