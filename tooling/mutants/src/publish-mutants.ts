import { EventStoreError, type EventStream, type PublishEvent } from '@eventspine/core'
import { changingStream } from './changing-stream.ts'
import { turn } from './changing.ts'
import type { Breakage, Mutant } from './mutant.ts'

type Publish = (
  events: readonly PublishEvent[],
  options: Parameters<EventStream['publish']>[1],
) => ReturnType<EventStream['publish']>

function changingPublish(
  change: (publish: Publish, ...call: Parameters<Publish>) => ReturnType<Publish>,
): Breakage {
  return changingStream((stream) => ({
    publish: (events, options) => {
      const publish: Publish = (...call) => stream.publish(...call)
      // One event alone or a list of them: the shape that the port takes.
      const list = (Array.isArray(events) ? events : [events]) as readonly PublishEvent[]
      return change(publish, list, options)
    },
  }))
}

/** Broken publishing. */
export const publishMutants: readonly Mutant[] = [
  {
    law: 'S1',
    id: 'S1/acknowledged-only',
    breaks: 'acknowledges what it does not write',
    killedBy: ['publish/delivered', 'publish/order-of-calls'],
    create: () => changingPublish(async () => ({ token: '' })),
  },
  {
    law: 'S1',
    id: 'S1/stripped',
    breaks: 'delivers events without their metadata',
    killedBy: ['publish/delivered'],
    create: () =>
      changingPublish((publish, events, options) =>
        publish(
          events.map(({ streamId, type, data, id }) => ({
            streamId,
            type,
            data,
            ...(id === undefined ? {} : { id }),
          })),
          options,
        ),
      ),
  },
  {
    law: 'S2',
    id: 'S2/reversed',
    breaks: 'writes the events of a call from the last to the first',
    killedBy: ['publish/order-of-calls'],
    create: () => changingPublish((publish, events, options) => publish(events.toReversed(), options)),
  },
  {
    law: 'S2',
    id: 'S2/overtaken',
    breaks: 'lets a later call overtake an earlier one',
    killedBy: ['publish/order-of-calls'],
    create: () => {
      let calls = 0
      return changingPublish(async (publish, events, options) => {
        if (++calls % 3 === 0) await turn()
        return publish(events, options)
      })
    },
  },
  {
    law: 'S3',
    id: 'S3/not-applied',
    breaks: 'tells what was perhaps published as not published',
    killedBy: ['publish/lost-reply', 'publish/abort'],
    create: () =>
      changingPublish(async (publish, events, options) => {
        try {
          return await publish(events, options)
        } catch (error) {
          if (!EventStoreError.is(error) || error.outcome === 'not-applied') throw error
          throw new EventStoreError(error.code, error.message)
        }
      }),
  },
  {
    law: 'S3',
    id: 'S3/again-and-again',
    breaks: 'publishes again by itself what was perhaps published, three times',
    killedBy: ['publish/lost-reply'],
    create: () =>
      changingPublish(async (publish, events, options) => {
        try {
          return await publish(events, options)
        } catch (error) {
          if (!EventStoreError.is(error) || error.outcome === 'not-applied' || error.code === 'ABORTED')
            throw error
          await publish(events, options)
          return publish(events, options)
        }
      }),
  },
  {
    law: 'S4',
    id: 'S4/dropped',
    breaks: 'drops what cannot be placed',
    killedBy: ['publish/refusals'],
    create: () =>
      changingPublish(async (publish, events, options) => {
        try {
          return await publish(events, options)
        } catch (error) {
          if (!EventStoreError.is(error, 'INVALID_ARGUMENT')) throw error
          return { token: '' }
        }
      }),
  },
  {
    law: 'S4',
    id: 'S4/one-by-one',
    breaks: 'places the events before the one that cannot be placed',
    killedBy: ['publish/refusals'],
    create: () =>
      changingPublish(async (publish, events, options) => {
        let published = { token: '' }
        for (const event of events) published = await publish([event], options)
        return published
      }),
  },
  {
    law: 'S4',
    id: 'S4/into-aggregates',
    breaks: 'publishes into the stream of an aggregate',
    killedBy: ['publish/apart-from-aggregates'],
    create: () =>
      changingStream((_, backend) => ({
        publish: async (events) => {
          const list = (Array.isArray(events) ? events : [events]) as readonly PublishEvent[]
          let token = ''
          for (const { streamId, ...event } of list)
            ({ token } = await backend.store.append(streamId, [event]))
          return { token }
        },
      })),
  },
]
