import assert from 'node:assert/strict'
import type { Backend, RecordedEvent, RelaySession } from '@eventspine/core'
import { readLog } from './read-log.ts'
import type { RelaySource } from './relay-source.ts'
import { sampleEvent, streamsAcrossPartitions } from './sample-events.ts'

const MARK = 'Marked'

/** Everything that a target holds, by partition and in its order. */
export async function readTarget(backend: Backend): Promise<readonly (readonly RecordedEvent[])[]> {
  const { partitions } = backend.store
  const marks = streamsAcrossPartitions(partitions).map((streamId) => ({
    ...sampleEvent(0),
    type: MARK,
    streamId,
  }))
  // What was relayed has no token; what is published behind it has.
  const { token } = await backend.stream.publish(marks)
  const log = await readLog(backend, token)
  return Array.from({ length: partitions }, (_, partition) =>
    (log.get(partition) ?? []).filter(({ type }) => type !== MARK),
  )
}

/** Writes what follows the session's position, page by page, up to the end of the source. */
export async function relayToEnd(
  session: RelaySession,
  source: RelaySource,
  partition: number,
  { limit = 7, keeps = () => true }: { limit?: number; keeps?: (event: RecordedEvent) => boolean } = {},
): Promise<void> {
  while (!(await source.isAtEnd(partition, session.position))) {
    const { events, next } = await source.page(partition, session.position, limit)
    await session.write(
      events.filter(keeps).map((event) => ({ event })),
      next,
    )
  }
}

/** Where an event stood in its source. */
function originOf({ origin }: RecordedEvent): { readonly incarnation: string; readonly partition: number } {
  const [incarnation = '', partition = ''] = origin?.position.split('.') ?? []
  return { incarnation, partition: Number(partition) }
}

/** Asserts that a target holds every event of the sources exactly once, each source partition's in its order, and nothing else. */
export async function assertRelayed(
  target: readonly (readonly RecordedEvent[])[],
  sources: readonly RelaySource[],
  keeps: (event: RecordedEvent) => boolean = () => true,
): Promise<void> {
  let expectedCount = 0
  for (const source of sources) {
    for (let partition = 0; partition < source.partitions; partition++) {
      const expected = (await source.events(partition)).filter(keeps)
      expectedCount += expected.length
      const found = target.flatMap((events) =>
        events.filter((event) => {
          const origin = originOf(event)
          return origin.incarnation === source.incarnation && origin.partition === partition
        }),
      )
      const place = new Map(expected.map(({ id }, index) => [id, index]))
      const missing = expected.filter(({ id }) => !found.some((event) => event.id === id))
      assert.deepEqual(
        missing.map(({ position }) => position),
        [],
        'events were lost',
      )
      assert.equal(found.length, expected.length, 'events were doubled, or are there that none was')
      for (const events of target) {
        const places = events.flatMap(({ id }) => place.get(id) ?? [])
        assert.deepEqual(
          places,
          places.toSorted((a, b) => a - b),
          `source partition ${partition} is out of order`,
        )
      }
    }
  }
  assert.equal(target.flat().length, expectedCount, 'something else is there')
}
