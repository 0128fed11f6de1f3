import assert from 'node:assert/strict'
import type { EventStore, RecordedEvent } from '@eventspine/core'

/** An event without what depends on who reads it. */
function plain(event: RecordedEvent): string {
  return JSON.stringify(event)
}

/**
 * Holds all that can be read of a partition against each other: the feed has every event of every stream once, in the
 * order of its stream, and reads alike in pages of any size and from any place.
 *
 * @returns ids in the order of the feed.
 */
export async function consistentIds(
  store: EventStore,
  streams: readonly string[],
): Promise<readonly string[]> {
  const feed = await store.feed().toArray()
  const lines = feed.map(plain)
  for (const streamId of streams) {
    const events = await store.read(streamId).toArray()
    assert.deepEqual(
      events.map(plain),
      lines.filter((_, index) => feed[index]?.streamId === streamId),
      `the feed has the events of ${streamId} as they stand in it`,
    )
    const backward = await store.read(streamId, { direction: 'backward' }).toArray()
    assert.deepEqual(backward.map(plain).toReversed(), events.map(plain), `${streamId} backward`)
    const { version, firstVersion } = await store.head(streamId)
    const first = Math.max(firstVersion, 1)
    assert.deepEqual(
      events.map(({ streamPosition }) => streamPosition),
      Array.from({ length: version - first + 1 }, (_, index) => first + index),
      `the versions of ${streamId} have no gap`,
    )
  }
  const ofStreams = feed.filter(({ streamId }) => streams.includes(streamId))
  assert.equal(ofStreams.length, feed.length, 'the feed has nothing else')
  assert.deepEqual((await store.feed({ pageSize: 3 }).toArray()).map(plain), lines, 'the feed again')
  const middle = feed[Math.floor(feed.length / 2)]
  if (middle !== undefined)
    assert.deepEqual(
      (await store.feed({ after: middle.position }).toArray()).map(plain),
      lines.slice(Math.floor(feed.length / 2) + 1),
      'the feed from the middle',
    )
  return feed.map(({ id }) => id)
}
