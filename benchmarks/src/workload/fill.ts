import type { Backend } from '@eventspine/core'
import { orderEvent } from './order-event.ts'

/** Appends a stream of so many events, so many a commit. */
export async function fillStream(
  { store }: Backend,
  id: string,
  { events, eventsPerCommit }: { readonly events: number; readonly eventsPerCommit: number },
): Promise<void> {
  for (let version = 0; version < events; version += eventsPerCommit) {
    const commit = Array.from({ length: eventsPerCommit }, (_, index) => orderEvent(version + index))
    await store.append(id, commit, { expectedVersion: version })
  }
}

/** Appends commits of one event to many streams in turn, so that their events are mingled in the feed. */
export async function fillMingled(
  { store }: Backend,
  { streams, eventsEach }: { readonly streams: number; readonly eventsEach: number },
): Promise<void> {
  for (let version = 0; version < eventsEach; version++) {
    await Promise.all(
      Array.from({ length: streams }, (_, stream) =>
        store.append(`cart:${stream}`, [orderEvent(version)], { expectedVersion: version }),
      ),
    )
  }
}
