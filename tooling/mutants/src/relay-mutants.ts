import { EventStoreError, type RelayedEvent, type RelaySessionAdapter } from '@eventspine/core'
import { changingSessions, changingTarget } from './changing-log.ts'
import { turn } from './changing.ts'
import type { Breakage, Mutant } from './mutant.ts'
import { overriding } from './overriding.ts'

/** Broken targets of relays. */
export const relayMutants: readonly Mutant[] = [
  {
    law: 'C5',
    id: 'C5/relay-unfenced',
    base: 'log',
    breaks: 'takes writes of every session, however many came after it',
    killedBy: ['relay/rival', 'relay/random-programs', 'relay/paused'],
    create: () =>
      changingSessions((_, open) => {
        const place = new Place()
        return {
          get position() {
            return place.position
          },
          doWrite: async (events, position) => {
            await (await open()).doWrite(events, position)
            place.position = position
          },
        }
      }),
  },
  {
    law: 'C5',
    id: 'C5/relay-empty-unfenced',
    base: 'log',
    breaks: 'lets a session that was shut out move the place by an empty write',
    killedBy: ['relay/rival'],
    create: () =>
      changingSessions((session, open) => ({
        doWrite: async (events, position) => {
          await (events.length === 0 ? await open() : session).doWrite(events, position)
        },
      })),
  },
  {
    law: 'C5',
    id: 'C5/relay-fences-all',
    base: 'log',
    breaks: 'shuts out the sessions of all relays when one is opened',
    killedBy: ['relay/rival-elsewhere', 'relay/side-by-side'],
    create: () => {
      let opened = 0
      return changingTarget(async (open, request) => {
        const session = await open(request)
        const own = ++opened
        return overriding(session, {
          doWrite: async (events, position) => {
            if (own !== opened) throw new EventStoreError('LEASE_LOST', 'another session was opened')
            await session.doWrite(events, position)
          },
        })
      })
    },
  },
  {
    law: 'S3',
    id: 'S3/relay-place-first',
    base: 'log',
    breaks: 'writes the place before the events',
    killedBy: ['relay/random-programs', 'relay/lost-reply', 'relay/killed'],
    create: () =>
      changingSessions((session) => ({
        doWrite: async (events, position) => {
          await session.doWrite([], position)
          await turn()
          await session.doWrite(events, position)
        },
      })),
  },
  {
    law: 'S3',
    id: 'S3/relay-events-first',
    base: 'log',
    breaks: 'writes the events before the place',
    killedBy: ['relay/random-programs', 'relay/lost-reply', 'relay/killed'],
    create: () =>
      changingSessions((session) => ({
        doWrite: async (events, position) => {
          await session.doWrite(events, session.position ?? { sequence: 0, check: '' })
          await turn()
          await session.doWrite([], position)
        },
      })),
  },
  {
    law: 'S3',
    id: 'S3/relay-forgets',
    base: 'log',
    breaks: 'has no place in any new session',
    killedBy: ['relay/position', 'relay/rival'],
    create: () =>
      changingTarget(async (open, request) => {
        const session = await open(request)
        const place = new Place()
        return {
          get position() {
            return place.position
          },
          doWrite: async (events, position) => {
            await session.doWrite(events, position)
            place.position = position
          },
          doClose: () => session.doClose(),
        }
      }),
  },
  {
    law: 'S3',
    id: 'S3/relay-not-applied',
    base: 'log',
    breaks: 'tells as not written what perhaps was',
    killedBy: ['relay/lost-reply', 'relay/random-programs'],
    create: () =>
      changingSessions((session) => ({
        doWrite: async (events, position) => {
          try {
            await session.doWrite(events, position)
          } catch (error) {
            if (!EventStoreError.is(error)) throw error
            throw new EventStoreError(error.code, error.message)
          }
        },
      })),
  },
  {
    law: 'S3',
    id: 'S3/relay-empty-ignored',
    base: 'log',
    breaks: 'does not move the place when there is no event',
    killedBy: ['relay/position'],
    create: () =>
      changingSessions((session) => ({
        doWrite: async (events, position) => {
          if (events.length > 0) await session.doWrite(events, position)
        },
      })),
  },
  {
    law: 'S4',
    id: 'S4/relay-any-partition-count',
    base: 'log',
    breaks: 'goes on with a source whose partition count has changed',
    killedBy: ['relay/partition-count'],
    create: () => changingTarget((open, request) => open({ ...request, partitions: 1024 })),
  },
  {
    law: 'S1',
    id: 'S1/relay-truncates',
    base: 'log',
    breaks: 'writes the first thousand events of a batch',
    killedBy: ['relay/big-batches'],
    create: () => changingBatches((events) => events.slice(0, 1000)),
  },
  {
    law: 'S1',
    id: 'S1/relay-own-time',
    base: 'log',
    breaks: 'gives relayed events the time of the target’s clock',
    killedBy: ['relay/as-they-were', 'relay/changed'],
    create: () => changingBatches((events) => events.map((event) => ({ ...event, timestampMs: Date.now() }))),
  },
  {
    law: 'S1',
    id: 'S1/relay-no-version',
    base: 'log',
    breaks: 'forgets the versions that relayed events had',
    killedBy: ['relay/as-they-were', 'relay/consumed'],
    create: () =>
      changingBatches((events) =>
        events.map((event) => ({ ...event, origin: { position: event.origin.position } })),
      ),
  },
  {
    law: 'S2',
    id: 'S2/relay-reversed',
    base: 'log',
    breaks: 'writes the events of a batch from the last to the first',
    killedBy: ['relay/rival', 'relay/side-by-side', 'relay/random-programs'],
    create: () => changingBatches((events) => events.toReversed()),
  },
  {
    law: 'F1',
    id: 'F1/relay-one-partition',
    base: 'log',
    breaks: 'puts relayed events into the first partition',
    killedBy: ['relay/as-they-were', 'relay/changed'],
    create: () => changingBatches((events) => events.map((event) => ({ ...event, partition: 0 }))),
  },
  {
    law: 'F4',
    id: 'F4/relay-doubles',
    base: 'log',
    breaks: 'writes a batch again when its reply was lost',
    killedBy: ['relay/lost-reply', 'relay/random-programs'],
    create: () =>
      changingSessions((session) => ({
        doWrite: async (events, position) => {
          try {
            await session.doWrite(events, position)
          } catch (error) {
            if (EventStoreError.is(error) && error.outcome === 'unknown')
              await session.doWrite(events, position)
            throw error
          }
        },
      })),
  },
]

/** Where a session is that keeps it by itself. */
class Place {
  position: RelaySessionAdapter['position']
}

function changingBatches(change: (events: readonly RelayedEvent[]) => readonly RelayedEvent[]): Breakage {
  return changingSessions((session) => ({
    doWrite: (events, position) => session.doWrite(change(events), position),
  }))
}
