import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Backend, NewEvent } from '@eventspine/core'
import { ownTable } from '@eventspine/servers'
import { expect, it } from 'vitest'
import { dynamodb } from '../src/index.ts'
import { clientOf, serverUrl } from './backend.ts'
import { Units } from './capacity.ts'
import { useEnds } from './server.ts'

const onEnd = useEnds()

async function openCounted(): Promise<{ readonly backend: Backend; readonly units: Units }> {
  const own = ownTable(serverUrl())
  onEnd(() => own.remove())
  const client = clientOf(serverUrl())
  onEnd(() => client.destroy())
  const backend = await dynamodb({ client, table: own.table, create: true })
  onEnd(() => backend.close())
  const units = new Units()
  units.count(client)
  return { backend, units }
}

/** Data of 239 bytes and metadata of 112, as in the measurements of other stores. */
function order(number: number): NewEvent {
  const data = { number: number % 10, text: 'x'.repeat(239 - '{"number":0,"text":""}'.length) }
  const metadata = {
    correlationId: 'c'.repeat(36),
    userId: 'u'.repeat(112 - 36 - '{"correlationId":"","userId":""}'.length),
  }
  return { type: 'OrderPlaced', data, metadata }
}

const cart = (): string => `cart-${randomUUID()}`
const orders = (count: number): readonly NewEvent[] =>
  Array.from({ length: count }, (_, number) => order(number))

/** What the table of the documentation says, by the first words of its rows. */
async function documented(): Promise<ReadonlyMap<string, readonly number[]>> {
  const page = await readFile(new URL('../../../docs/dynamodb.md', import.meta.url), 'utf8')
  const rows = page.matchAll(/^\| ([^|]+?) +\| +([\d.]+) +\| +([\d.]+) +\| +([\d.]+) +\|$/gm)
  return new Map(Array.from(rows, ([, what = '', ...numbers]) => [what, numbers.map(Number)]))
}

it('costs what the documentation says', async () => {
  const { backend, units } = await openCounted()
  const { store, documents } = backend
  const notes = documents.collection<string>('notes', { listed: true })
  const measured = new Map<string, readonly number[]>()
  const measure = async (what: string, count: number, work: () => Promise<unknown>): Promise<void> => {
    units.reset()
    await work()
    const per = (value: number): number => Number((value / count).toFixed(2))
    measured.set(what, [per(units.writes), per(units.reads), per(units.requests)])
  }
  await store.append(cart(), orders(1))
  const long = cart()

  await measure('append of 1 event, alone', 1, () =>
    store.append(cart(), orders(1), { expectedVersion: 'none' }),
  )
  await measure('append of 1 event, 64 under way', 64, () =>
    Promise.all(
      Array.from({ length: 64 }, () => store.append(cart(), orders(1), { expectedVersion: 'none' })),
    ),
  )
  await measure('event in appends of 10, alone', 10, () =>
    store.append(cart(), orders(10), { expectedVersion: 0 }),
  )
  await measure('event in appends of 10, 16 under way', 160, () =>
    Promise.all(Array.from({ length: 16 }, () => store.append(cart(), orders(10), { expectedVersion: 0 }))),
  )
  for (let time = 0; time < 10; time++) await store.append(long, orders(10))
  await measure('event of a stream that is read, appends of 10', 100, () => store.read(long).toArray())
  const all = 1 + 1 + 64 + 10 + 160 + 100
  await measure('event of the feed, appends of 1 and 10', all, async () => {
    expect(await store.feed().toArray()).toHaveLength(all)
  })
  await measure('head of a stream', 1, () => store.head(long))
  await measure('document of 1 KB put', 1, () => notes.put('n', 'x'.repeat(900)))
  await measure('document of 1 KB got', 1, () => notes.get('n'))

  const single = measured.get('append of 1 event, 64 under way')?.[0] ?? Infinity
  const grouped = measured.get('event in appends of 10, 16 under way')?.[0] ?? Infinity
  expect(single).toBeLessThanOrEqual(2.2)
  expect(grouped).toBeLessThanOrEqual(1.2)
  expect(measured.get('event in appends of 10, alone')?.[0]).toBeLessThanOrEqual(1.2)
  expect(Object.fromEntries(measured)).toEqual(Object.fromEntries(await documented()))
})

it('counts as the server does', async () => {
  const { backend, units } = await openCounted()
  const notes = backend.documents.collection<string>('notes')
  for (const bytes of [0, 900, 930, 950, 1000, 2000, 5000, 100_000]) {
    await notes.put('n', 'é'.repeat(bytes / 2), { expiresInMs: 3_600_000 })
    expect(units.writes).toBe(units.reportedWrites)
  }
})
