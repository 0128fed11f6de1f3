import {
  murmur2,
  type Handler,
  type HandlerContext,
  type RecordedEvent,
  type StoredEvent,
} from '@eventspine/core'
import { changingStore, turn } from './changing.ts'
import { changingCheckpoints, changingHandlers, changingOptions } from './changing-stream.ts'
import type { Breakage, Mutant } from './mutant.ts'

/** Broken delivery, checkpoints and ownership. */
export const consumerMutants: readonly Mutant[] = [
  {
    law: 'C1',
    id: 'C1/live-only',
    breaks: 'starts every group at the end of the feed',
    killedBy: ['consume/existing-then-live', 'consume/every-partition', 'consume/start-from'],
    create: () => changingOptions(() => ({ startFrom: 'end' })),
  },
  {
    law: 'C1',
    id: 'C1/loses-one',
    breaks: 'passes over one event of seven',
    killedBy: [
      'consume/existing-then-live',
      'consume/every-partition',
      'groups/come-and-go',
      'crashes/history',
    ],
    create: () => {
      let calls = 0
      return changingHandlers((handler) => async (event, context) => {
        calls++
        if (calls % 7 !== 0) await handler(event, context)
      })
    },
  },
  {
    law: 'C1',
    id: 'C1/gives-up',
    breaks: 'takes the end of its first read for the end of the feed',
    killedBy: ['consume/resume-after-stop', 'consume/start-from'],
    create: () => {
      let ended = false
      return changingStore((store) => ({
        doReadFeed: async (request) => {
          if (ended && request.after > 0) {
            const { anchorId } = await store.doReadFeed({ ...request, limit: 1 })
            return { events: [], anchorId, firstKept: 1, next: request.after, nextId: anchorId, atEnd: true }
          }
          const page = await store.doReadFeed(request)
          ended ||= page.atEnd
          return page
        },
      }))
    },
  },
  {
    law: 'C2',
    id: 'C2/swapped',
    breaks: 'hands two events of a stream over in the wrong order',
    killedBy: ['consume/order-under-concurrency', 'consume/plain-handlers', 'crashes/history'],
    create: () =>
      changingHandlers((handler) => {
        const kept = new Map<string, readonly [RecordedEvent, HandlerContext]>()
        return async (event, context) => {
          const before = kept.get(event.streamId)
          if (before === undefined) {
            kept.set(event.streamId, [event, context])
            return
          }
          kept.delete(event.streamId)
          await handler(event, context)
          await handler(...before)
        }
      }),
  },
  {
    law: 'C2',
    id: 'C2/at-once',
    breaks: 'hands an event over before the one before it is done',
    killedBy: ['consume/order-under-concurrency', 'crashes/history'],
    create: () =>
      changingHandlers((handler) => {
        const running = new Map<string, Promise<void>>()
        return async (event, context) => {
          const before = running.get(event.streamId)
          running.set(event.streamId, inBackground(handler, event, context))
          await before
        }
      }),
  },
  {
    law: 'C3',
    id: 'C3/before-success',
    breaks: 'takes an event for handled once its handler has begun',
    killedBy: ['consume/checkpoint-after-success', 'consume/stop-finishes'],
    create: () =>
      changingHandlers((handler) => (event, context) => void inBackground(handler, event, context)),
  },
  {
    law: 'C3',
    id: 'C3/fetched',
    breaks: 'takes the place up to which it has fetched for its checkpoint',
    killedBy: ['consume/checkpoint-after-success', 'consume/checkpoint-behind-unfinished', 'crashes/history'],
    create: ({ manifest }) => {
      const fetched = new Map<number, string>()
      const fetching = changingStore((store) => ({
        doReadFeed: async (request) => {
          const page = await store.doReadFeed(request)
          const last = page.events.at(-1)
          if (last !== undefined) fetched.set(request.partition, positionOf(manifest.incarnation, last))
          return page
        },
      }))
      const writing = changingCheckpoints((checkpoint, { partition }) => {
        const position = fetched.get(partition)
        return position === undefined ? {} : { value: JSON.stringify({ ...checkpoint, position }) }
      })
      return both(fetching, writing)
    },
  },
  {
    law: 'C3',
    id: 'C3/never-written',
    breaks: 'keeps its checkpoint where it was first written',
    killedBy: ['consume/resume-after-stop', 'consume/checkpoint-after-success', 'consume/run-once'],
    create: () => {
      const first = new Map<string, unknown>()
      return changingCheckpoints((checkpoint, { key, partition }) => {
        const address = `${partition}/${key}`
        if (!first.has(address)) first.set(address, checkpoint['position'])
        return { value: JSON.stringify({ ...checkpoint, position: first.get(address) }) }
      })
    },
  },
  {
    law: 'C4',
    id: 'C4/unbounded',
    breaks: 'lets a hundred times as many events be handled ahead of the checkpoint',
    killedBy: ['consume/abandoned-repeats-bounded'],
    create: () =>
      changingOptions(({ maxInFlightEvents = 500 }) => ({ maxInFlightEvents: maxInFlightEvents * 100 })),
  },
  {
    law: 'C5',
    id: 'C5/everybody-owns',
    breaks: 'gives every member of a group all partitions',
    killedBy: ['consume/one-owner', 'consume/partitions-shared', 'groups/come-and-go'],
    create: () => {
      let members = 0
      return changingOptions(({ group }) => ({ group: `${group}-${++members}` }))
    },
  },
  {
    law: 'C5',
    id: 'C5/blind-checkpoint',
    breaks: 'writes checkpoints whatever stands there',
    killedBy: ['consume/lost-lease', 'consume/late-effects-refused'],
    create: () => changingCheckpoints(() => ({ expectedRevision: 'any' })),
  },
  {
    law: 'C5',
    id: 'C5/same-token',
    breaks: 'gives every owner the same fencing token',
    killedBy: ['consume/tokens-rise', 'consume/one-owner'],
    create: () =>
      changingCheckpoints((checkpoint) => ({ value: JSON.stringify({ ...checkpoint, epoch: 1 }) })),
  },
  {
    law: 'C5',
    id: 'C5/not-told',
    breaks: 'does not abort the signal of an owner that was taken over',
    killedBy: ['consume/lost-lease', 'consume/late-effects-refused'],
    create: () => {
      const { signal } = new AbortController()
      return changingHandlers((handler) => (event, context) => handler(event, withSignal(context, signal)))
    },
  },
  {
    law: 'C5',
    id: 'C5/kept-to-the-end',
    breaks: 'keeps a partition after stop, until its lease runs out',
    killedBy: ['consume/resume-elsewhere', 'consume/one-owner'],
    create: () =>
      changingCheckpoints((checkpoint) => ({
        value: JSON.stringify({ ...checkpoint, owner: checkpoint['owner'] ?? 'a former owner' }),
      })),
  },
]

/** Both breakages of one adapter. */
function both(first: Breakage, second: Breakage): Breakage {
  return {
    adapter: (adapter) => {
      const broken = first.adapter?.(adapter) ?? adapter
      return second.adapter?.(broken) ?? broken
    },
  }
}

function inBackground(handler: Handler, event: RecordedEvent, context: HandlerContext): Promise<void> {
  return turn()
    .then(() => handler(event, context))
    .catch(() => undefined)
}

/** A context is plain, so a copy of it is as good. */
function withSignal(context: HandlerContext, signal: AbortSignal): HandlerContext {
  return { ...context, signal }
}

/** A position as `docs/wire.md` specifies it. */
function positionOf(incarnation: string, { partition, sequence, id }: StoredEvent): string {
  return `${incarnation}.${partition}.${sequence}.${murmur2(id).toString(16).padStart(8, '0')}`
}
