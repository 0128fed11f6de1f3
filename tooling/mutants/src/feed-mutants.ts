import {
  type EventStore,
  EventStoreError,
  type FeedOptions,
  type FeedPage,
  type Position,
} from '@eventspine/core'
import { changingStore } from './changing.ts'
import type { Mutant } from './mutant.ts'
import { overriding } from './overriding.ts'

const STALLED_MS = 20_000
const TRIMMED_AFTER = 500

/** The position that stands where `after` points to, whatever event that is, in whatever store. */
async function unchecked(store: EventStore, after: Position): Promise<Position> {
  const [, partition = '0', sequence = '0'] = after.split('.')
  const events = await store.feed({ partition: Number(partition) }).toArray()
  const standing = events.findLast((event) => Number(event.position.split('.')[2]) <= Number(sequence))
  if (standing !== undefined) return standing.position
  return `${store.incarnation}.${partition}.0.`
}

export const feedMutants: readonly Mutant[] = [
  {
    law: 'F1',
    id: 'F1/utf16-hash',
    breaks: 'hashes UTF-16 units, so that names beyond ASCII land in another partition',
    killedBy: ['feed/partition-function'],
    create: () =>
      changingStore((store) => ({
        doAppend: (commits, lockTimeoutMs) =>
          store.doAppend(
            commits.map((commit) => ({
              ...commit,
              appends: commit.appends.map((append) =>
                Buffer.byteLength(append.streamId) === append.streamId.length
                  ? append
                  : { ...append, partition: append.partition ^ 1 },
              ),
            })),
            lockTimeoutMs,
          ),
      })),
  },
  {
    law: 'F2',
    id: 'F2/by-transaction-begin',
    breaks: 'orders the feed by when a transaction began, so that events of a stream change places',
    killedBy: ['feed/total-order', 'differential/one-partition'],
    create: () =>
      changingStore((store) => ({
        doReadFeed: async (request) => {
          const page = await store.doReadFeed(request)
          const events = page.events.toSorted((a, b) => (a.sequence ^ 1) - (b.sequence ^ 1))
          return { ...page, events }
        },
      })),
  },
  {
    law: 'F3',
    id: 'F3/late-arrival',
    breaks: 'gives out positions before it commits, so that a slow commit appears below faster ones',
    killedBy: ['feed-racing/no-late-arrival', 'properties/racing-readers'],
    create: () => {
      const slow = new Set<number>()
      let appends = 0
      return changingStore((store) => ({
        doAppend: async (commits, lockTimeoutMs) => {
          const outcomes = await store.doAppend(commits, lockTimeoutMs)
          slow.clear()
          appends++
          const last = outcomes.findLast((outcome) => outcome.ok)
          if (appends % 3 === 0 && last?.ok === true) slow.add(last.streams[0]?.sequence ?? 0)
          return outcomes
        },
        doReadFeed: async (request) => {
          const page = await store.doReadFeed(request)
          // The one at the end is just not there yet; below others it is a hole that fills later.
          return { ...page, events: page.events.filter(({ sequence }) => !slow.has(sequence)) }
        },
      }))
    },
  },
  {
    law: 'F4',
    id: 'F4/page-boundary',
    breaks: 'skips the event behind every full page',
    killedBy: ['feed/every-page-size', 'feed/total-order'],
    create: () =>
      changingStore((store) => ({
        doReadFeed: async (request) => {
          const page = await store.doReadFeed(request)
          if (page.atEnd) return page
          const { next, nextId } = await store.doReadFeed({ ...request, after: page.next, limit: 1 })
          return { ...page, next, nextId } satisfies FeedPage
        },
      })),
  },
  {
    law: 'F4',
    id: 'F4/twice',
    breaks: 'delivers the first event of each page but the first twice',
    killedBy: ['feed/every-page-size', 'feed/stream-order'],
    create: () =>
      changingStore((store) => ({
        doReadFeed: async (request) => {
          const page = await store.doReadFeed(request)
          const [first] = page.events
          return request.after === 0 || first === undefined
            ? page
            : { ...page, events: [first, ...page.events] }
        },
      })),
  },
  {
    law: 'F5',
    id: 'F5/from-here-on',
    breaks: 'counts positions from where the store was opened',
    killedBy: ['feed/resume-everywhere'],
    create: () => {
      let clients = 0
      return changingStore((store) => {
        const shift = clients++ === 0 ? 0 : 1
        return {
          doReadFeed: async (request) => {
            const page = await store.doReadFeed(request)
            return request.after === 0 ? page : { ...page, events: page.events.slice(shift) }
          },
        }
      })
    },
  },
  {
    law: 'F6',
    id: 'F6/first-position',
    breaks: 'returns the position of a commit’s first event instead of its last',
    killedBy: ['append/result', 'positions/token'],
    create: () =>
      changingStore((store) => ({
        doAppend: async (commits, lockTimeoutMs) =>
          (await store.doAppend(commits, lockTimeoutMs)).map((outcome, commit) =>
            outcome.ok
              ? {
                  ...outcome,
                  streams: outcome.streams.map((stream, index) => {
                    const events = commits[commit]?.appends[index]?.events.length ?? 1
                    return { ...stream, sequence: stream.sequence - events + 1 }
                  }),
                }
              : outcome,
          ),
      })),
  },
  {
    law: 'F6',
    id: 'F6/never-woken',
    breaks: 'declares that waiting is woken by writers, and waits for the timeout',
    killedBy: ['wait/ends'],
    create: () => changingStore(() => ({ doWaitForFeed: () => new Promise<never>(() => undefined) })),
  },
  {
    law: 'F7',
    id: 'F7/hole-awaited',
    breaks: 'waits for the position that a refused writer had drawn',
    killedBy: ['feed-racing/refused-writers'],
    create: () => {
      let stalledUntilMs = 0
      let stalledAt = Infinity
      return changingStore((store) => ({
        doAppend: async (commits, lockTimeoutMs) => {
          const before = await store.doFeedHead(0)
          const outcomes = await store.doAppend(commits, lockTimeoutMs)
          if (outcomes.some((outcome) => !outcome.ok)) {
            stalledUntilMs = performance.now() + STALLED_MS
            stalledAt = before.sequence
          }
          return outcomes
        },
        doReadFeed: async (request) => {
          const page = await store.doReadFeed(request)
          if (performance.now() > stalledUntilMs || page.next <= stalledAt) return page
          const events = page.events.filter(({ sequence }) => sequence <= stalledAt)
          const last = events.at(-1)
          return { ...page, events, next: last?.sequence ?? request.after, nextId: last?.id, atEnd: true }
        },
      }))
    },
  },
  {
    law: 'F8',
    id: 'F8/unchecked',
    breaks: 'resumes at any position as near as it can, without a word',
    killedBy: ['positions/other-store', 'positions/past-head', 'positions/other-event'],
    create: () => ({
      backend: (backend) => {
        const { store } = backend
        const feed = (options: FeedOptions = {}) => {
          const { after } = options
          if (after === undefined) return store.feed(options)
          const slices = async function* () {
            yield* store.feed({ ...options, after: await unchecked(store, after) }).slices()
          }
          const toArray = async () =>
            store.feed({ ...options, after: await unchecked(store, after) }).toArray()
          return overriding(store.feed(), { slices, toArray })
        }
        return overriding(backend, { store: overriding(store, { feed }) })
      },
    }),
  },
  {
    law: 'F8',
    id: 'F8/clamped',
    breaks: 'takes a position past the head for the head',
    killedBy: ['positions/past-head'],
    create: () => ({
      backend: (backend) => {
        const { store } = backend
        const feed = (options: FeedOptions = {}) => {
          const read = store.feed(options)
          const toArray = async () => {
            try {
              return await read.toArray()
            } catch (error) {
              if (EventStoreError.is(error, 'FEED_DIVERGED') && error.message.includes('past the head'))
                return []
              throw error
            }
          }
          return overriding(read, { toArray })
        }
        return overriding(backend, { store: overriding(store, { feed }) })
      },
    }),
  },
  {
    law: 'F9',
    id: 'F9/forgets',
    breaks: 'declares that the feed keeps all, and lets the oldest events expire',
    killedBy: ['positions/expired'],
    create: () =>
      changingStore((store) => ({
        doReadFeed: async (request) => {
          const page = await store.doReadFeed(request)
          const { sequence } = await store.doFeedHead(request.partition)
          return { ...page, firstKept: Math.max(1, sequence - TRIMMED_AFTER) }
        },
      })),
  },
  {
    law: 'F9',
    id: 'F9/silent',
    breaks: 'goes on behind what it has let go, without a word',
    base: 'trimmed',
    killedBy: ['positions/expired'],
    create: () =>
      changingStore((store) => ({
        doReadFeed: async (request) => {
          const page = await store.doReadFeed(request)
          // What stood at the old position is made up from the position itself by whoever does not check.
          return { ...page, firstKept: 1, anchorId: request.after === 0 ? undefined : page.anchorId }
        },
      })),
  },
  {
    law: 'F10',
    id: 'F10/own-seal',
    breaks: 'keeps the seal in the client that set it',
    killedBy: ['seal/refuses-appends', 'seal/racing-writers'],
    create: () =>
      changingStore((store) => {
        const sealed = new Set<number>()
        return {
          doSeal: async (partition, seal) => {
            if (seal) sealed.add(partition)
            else sealed.delete(partition)
          },
          doAppend: async (commits, lockTimeoutMs) => {
            const outcomes = await store.doAppend(
              commits.filter(({ appends }) => appends.every(({ partition }) => !sealed.has(partition))),
              lockTimeoutMs,
            )
            let next = 0
            return commits.map(({ appends }) => {
              const outcome = appends.every(({ partition }) => !sealed.has(partition))
                ? outcomes[next++]
                : undefined
              return (
                outcome ?? {
                  ok: false,
                  error: new EventStoreError('PARTITION_SEALED', 'sealed by this client'),
                }
              )
            })
          },
        }
      }),
  },
  {
    law: 'F10',
    id: 'F10/partly',
    breaks: 'commits the streams of open partitions when another one of the commit is sealed',
    killedBy: ['seal/whole-commit'],
    create: (database) =>
      changingStore((store) => ({
        doAppend: (commits, lockTimeoutMs) =>
          store.doAppend(
            commits.map((commit) => {
              const open = commit.appends.filter(({ partition }) => !database.partition(partition).sealed)
              return open.length === 0 ? commit : { ...commit, appends: open }
            }),
            lockTimeoutMs,
          ),
      })),
  },
]
