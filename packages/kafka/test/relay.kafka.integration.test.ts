import { setTimeout as delay } from 'node:timers/promises'
import type { Backend, RecordedEvent, RelaySession } from '@eventspine/core'
import { memory } from '@eventspine/memory'
import { describe, expect, it } from 'vitest'
import { createTopic, kafka } from '../src/index.ts'
import { serverUrl } from './backend.ts'
import { clientOf, uniqueTopic } from './client-of.ts'
import { readAll } from './read-all.ts'

const client = clientOf(serverUrl())
const incarnation = '0123456789abcdef'

async function target(): Promise<{ readonly backend: Backend; readonly topic: string }> {
  const topic = uniqueTopic()
  await createTopic(client, { topic })
  return { backend: await kafka({ client, topic }), topic }
}

const open = (backend: Backend, relay: string): Promise<RelaySession> =>
  backend.stream.openRelay({ relay, incarnation, partition: 0, partitions: 1 })

const place = (sequence: number): string => `${incarnation}.0.${sequence}.0123abcd`

/** Events of a store, numbered. */
async function sourceEvents(count: number): Promise<readonly RecordedEvent[]> {
  const { store } = memory()
  const events = Array.from({ length: count }, (_, index) => ({ type: 'Counted', data: index + 1 }))
  await store.append('counter:1', events)
  return store.feed().toArray()
}

describe('a session of a relay', () => {
  it('finds its position behind thousands that other relays wrote', async () => {
    const { backend } = await target()
    const first = await open(backend, 'first')
    await first.write([], place(7))
    await first.close()
    const busy = await open(backend, 'busy')
    for (let sequence = 1; sequence <= 400; sequence++) await busy.write([], place(sequence))
    await busy.close()
    const again = await open(backend, 'first')
    expect(again.position).toBe(place(7))
    await again.close()
    const unheardOf = await open(backend, 'unheard of')
    expect(unheardOf.position).toBeUndefined()
    await unheardOf.close()
    await backend.close()
  })

  it('waits for the position that the open transaction of another relay hides', async () => {
    const { backend, topic } = await target()
    const before = await open(backend, 'mine')
    await before.write([], place(3))
    await before.close()
    const stranger = client.producer({
      transactionalId: uniqueTopic(),
      idempotent: true,
      maxInFlightRequests: 1,
      createPartitioner: () => () => 0,
    })
    await stranger.connect()
    const transaction = await stranger.transaction()
    await transaction.send({ topic: `${topic}.relays`, messages: [{ key: 'other', value: '{}' }] })
    const opening = open(backend, 'mine')
    // Until it is decided, nobody knows whether a position of this relay stands behind its start.
    await expect(Promise.race([opening, delay(1000, 'hidden')])).resolves.toBe('hidden')
    await transaction.commit()
    const mine = await opening
    expect(mine.position).toBe(place(3))
    await mine.close()
    await stranger.disconnect()
    await backend.close()
  })

  it('is over after a failure, and a new one tells what became of the write', async () => {
    const { backend, topic } = await target()
    const events = await sourceEvents(3)
    const former = await open(backend, 'mover')
    const rival = await open(backend, 'mover')
    const relayed = events.map((event) => ({ event }))
    await expect(former.write(relayed, place(3))).rejects.toMatchObject({
      code: 'LEASE_LOST',
      outcome: 'not-applied',
    })
    await expect(former.write([], place(3))).rejects.toMatchObject({
      code: 'LEASE_LOST',
      outcome: 'not-applied',
    })
    await rival.write(relayed, place(3))
    expect(rival.position).toBe(place(3))
    await former.close()
    await rival.close()
    await expect(rival.write([], place(4))).rejects.toMatchObject({ code: 'CLOSED' })
    expect((await readAll(client, topic, 1, { atLeast: 3 })).flat().map(({ data }) => data)).toEqual([
      1, 2, 3,
    ])
    await backend.close()
  })

  it('refuses an event that no batch can hold before it begins, and goes on', async () => {
    const { backend, topic } = await target()
    const [event] = await sourceEvents(1)
    if (event === undefined) throw new Error('the source is empty')
    const session = await open(backend, 'mover')
    const large = [{ event, change: { data: 'x'.repeat(2_000_000) } }]
    await expect(session.write(large, place(1))).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      message: expect.stringContaining(event.id),
    })
    await session.write([{ event }], place(1))
    await session.close()
    expect((await readAll(client, topic, 1, { atLeast: 1 })).flat()).toHaveLength(1)
    await backend.close()
  })
})
