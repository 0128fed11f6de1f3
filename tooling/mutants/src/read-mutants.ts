import { EventStoreError, type StreamPage } from '@eventspine/core'
import { changingCommits, changingStore, turn } from './changing.ts'
import type { Mutant } from './mutant.ts'

const CONNECTIONS = 10

export const readMutants: readonly Mutant[] = [
  {
    law: 'R1',
    id: 'R1/lagging-replica',
    breaks: 'reads from a copy that lags behind',
    killedBy: ['append/read-your-write'],
    create: () =>
      changingStore((store) => {
        const stale = new Map<string, StreamPage>()
        return {
          doRead: async (request) => {
            // Every answer is given twice: the second time it is old.
            const key = JSON.stringify(request)
            const known = stale.get(key)
            if (known !== undefined) {
              stale.delete(key)
              return known
            }
            const page = await store.doRead(request)
            stale.set(key, page)
            return page
          },
        }
      }),
  },
  {
    law: 'R2',
    id: 'R2/limit-ignored',
    breaks: 'pages to the end whatever the limit',
    killedBy: ['read/every-range'],
    create: () =>
      changingStore((store) => ({ doRead: (request) => store.doRead({ ...request, limit: 1_000_000 }) })),
  },
  {
    law: 'R2',
    id: 'R2/backward-oldest',
    breaks: 'reads backward the oldest events instead of the newest when there is a limit',
    killedBy: ['read/every-range'],
    create: () =>
      changingStore((store) => ({
        doRead: async (request) => {
          if (request.direction === 'forward') return store.doRead(request)
          const page = await store.doRead({ ...request, direction: 'forward' })
          return { events: page.events.toReversed(), done: true, next: 0 }
        },
      })),
  },
  {
    law: 'R2',
    id: 'R2/exclusive-bound',
    breaks: 'leaves out the event at `to`',
    killedBy: ['read/every-range', 'properties/model'],
    create: () =>
      changingStore((store) => ({
        doRead: async (request) => {
          const page = await store.doRead(request)
          return { ...page, events: page.events.filter((event) => event.version !== request.to) }
        },
      })),
  },
  {
    law: 'R3',
    id: 'R3/not-found',
    breaks: 'fails to read a missing stream',
    killedBy: ['read/missing-stream'],
    create: () =>
      changingStore((store) => ({
        doRead: async (request) => {
          const { version } = await store.doHead(request.streamId, request.partition)
          if (version === 0) throw new EventStoreError('BACKEND_FAILED', 'there is no such stream')
          return store.doRead(request)
        },
      })),
  },
  {
    law: 'R3',
    id: 'R3/minus-one',
    breaks: 'says that a missing stream is at version -1',
    killedBy: ['read/missing-stream', 'append/empty'],
    create: () =>
      changingStore((store) => ({
        doHead: async (streamId, partition) => {
          const head = await store.doHead(streamId, partition)
          return head.version === 0 ? { ...head, version: -1 } : head
        },
      })),
  },
  {
    law: 'R4',
    id: 'R4/all-at-once',
    breaks: 'fetches a whole stream in one page',
    killedBy: ['read/forms', 'read/lazy'],
    create: () =>
      changingStore((store) => ({
        doRead: async (request) => {
          const page = await store.doRead({ ...request, limit: 1_000_000 })
          return { ...page, done: true }
        },
      })),
  },
  {
    law: 'R4',
    id: 'R4/cursor-kept',
    breaks: 'keeps a connection from the first page to the last, also when the reader left',
    killedBy: ['read/left-early', 'read/many-at-once'],
    create: () => {
      const held = new Set<string>()
      return changingStore((store) => ({
        doRead: async (request) => {
          const page = await store.doRead(request)
          const key = `${request.streamId} ${request.direction}`
          if (page.done) {
            for (const cursor of held) if (cursor.startsWith(key)) held.delete(cursor)
            return page
          }
          if (request.from === 1) held.add(`${key} ${held.size}`)
          if (held.size > CONNECTIONS)
            throw new EventStoreError('BUSY', 'no connection is free', { retryable: true })
          return page
        },
      }))
    },
  },
  {
    law: 'R5',
    id: 'R5/no-nul',
    breaks: 'drops NUL characters, as jsonb would have to',
    killedBy: ['json/round-trip'],
    create: () =>
      changingCommits((commit) => ({
        ...commit,
        appends: commit.appends.map((append) => ({
          ...append,
          events: append.events.map((event) => ({ ...event, data: event.data.replaceAll('\\u0000', '') })),
        })),
      })),
  },
  {
    law: 'R5',
    id: 'R5/single-precision',
    breaks: 'rounds numbers to single precision',
    killedBy: ['json/round-trip', 'properties/json'],
    create: () =>
      changingCommits((commit) => ({
        ...commit,
        appends: commit.appends.map((append) => ({
          ...append,
          events: append.events.map((event) => {
            const rounded = (_: string, value: unknown): unknown =>
              typeof value === 'number' ? Number(value.toPrecision(7)) : value
            return { ...event, data: JSON.stringify(JSON.parse(event.data, rounded)) }
          }),
        })),
      })),
  },
  {
    law: 'A1',
    id: 'A1/dirty-read',
    breaks: 'shows a reader a page that was cut while a commit was written',
    killedBy: ['append/whole-or-nothing'],
    create: () => {
      let reads = 0
      return changingStore((store) => ({
        doRead: async (request) => {
          const page = await store.doRead(request)
          await turn()
          reads++
          return reads % 3 === 0 ? { ...page, events: page.events.slice(0, -3) } : page
        },
      }))
    },
  },
]
