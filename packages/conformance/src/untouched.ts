import assert from 'node:assert/strict'
import type { EventStore } from '@eventspine/core'

/** All that a store shows of its streams and its feed. */
async function imageOf(store: EventStore, streamIds: readonly string[]): Promise<unknown> {
  const partitions = Array.from({ length: store.partitions }, (_, partition) => partition)
  return {
    heads: await Promise.all(streamIds.map((streamId) => store.head(streamId))),
    feedHeads: await Promise.all(partitions.map((partition) => store.feedHead(partition))),
    feeds: await Promise.all(
      partitions.map(async (partition) => {
        const events = await store.feed({ partition }).toArray()
        return events.map((event) => event.toJSON())
      }),
    ),
  }
}

/** Asserts that `work` changes nothing that a store shows. */
export async function leavesUntouched(
  store: EventStore,
  streamIds: readonly string[],
  work: () => Promise<unknown>,
): Promise<void> {
  const before = await imageOf(store, streamIds)
  await work()
  assert.deepEqual(await imageOf(store, streamIds), before, 'something was written')
}
