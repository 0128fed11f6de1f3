import { EventStoreError, type StoredEvent } from '@eventspine/core'
import { changingStore } from './changing.ts'
import type { Mutant } from './mutant.ts'

export const removalMutants: readonly Mutant[] = [
  {
    law: 'D1',
    id: 'D1/version-freed',
    breaks: 'forgets a deleted stream altogether, so that its versions begin again',
    killedBy: ['removal/delete', 'removal/reopen', 'removal-feed/never-reused', 'properties/model'],
    create: (database) =>
      changingStore((store) => ({
        doRemove: async (removal) => {
          const outcome = await store.doRemove(removal)
          if (outcome.ok && removal.kind === 'delete') database.streams.delete(removal.streamId)
          return outcome
        },
      })),
  },
  {
    law: 'D1',
    id: 'D1/position-freed',
    breaks: 'gives the position of a removed last event a second time',
    killedBy: ['removal-feed/never-reused'],
    create: (database) =>
      changingStore((store) => ({
        doRemove: async (removal) => {
          const outcome = await store.doRemove(removal)
          const feed = database.partition(removal.partition)
          while (feed.rows.at(-1)?.removed === true) feed.rows.pop()
          feed.committed = feed.rows.length
          return outcome
        },
      })),
  },
  {
    law: 'D2',
    id: 'D2/deleted-takes-appends',
    breaks: 'lets an append that expects nothing reopen a deleted stream',
    killedBy: ['removal/delete', 'removal-feed/racing-writers', 'removal-feed/never-back'],
    create: () =>
      changingStore((store) => ({
        doAppend: async (commits, lockTimeoutMs) => {
          const changed = []
          for (const commit of commits) {
            const appends = []
            for (const append of commit.appends) {
              const { version, deleted } = await store.doHead(append.streamId, append.partition)
              const reopens = deleted && append.expectedVersion === 'any'
              appends.push(reopens ? { ...append, expectedVersion: version } : append)
            }
            changed.push({ ...commit, appends })
          }
          return store.doAppend(changed, lockTimeoutMs)
        },
      })),
  },
  {
    law: 'D2',
    id: 'D2/truncated-from-the-wrong-end',
    breaks: 'counts versions of a truncated stream from its new start',
    killedBy: ['removal/truncate'],
    create: () =>
      changingStore((store) => ({
        doRead: async (request) => {
          const { firstVersion } = await store.doHead(request.streamId, request.partition)
          const page = await store.doRead(request)
          const shift = firstVersion - 1
          return {
            ...page,
            events: page.events.map((event) => ({ ...event, version: event.version - shift })),
          }
        },
      })),
  },
  {
    law: 'D3',
    id: 'D3/feed-keeps-all',
    breaks: 'removes events from their stream, and leaves them in the feed',
    killedBy: ['removal/delete', 'removal/truncate', 'removal-feed/never-back'],
    create: (database) => {
      const kept = new Map<number, StoredEvent>()
      return changingStore((store) => ({
        doAppend: async (commits, lockTimeoutMs) => {
          const outcomes = await store.doAppend(commits, lockTimeoutMs)
          for (const row of database.partition(0).rows) kept.set(row.sequence, row)
          return outcomes
        },
        doReadFeed: async (request) => {
          const page = await store.doReadFeed(request)
          const events = [...kept.values()].filter(
            ({ sequence }) => sequence > request.after && sequence <= page.next,
          )
          return { ...page, events }
        },
      }))
    },
  },
  {
    law: 'D3',
    id: 'D3/repeat-brings-back',
    breaks: 'writes a removed commit again when it is repeated',
    killedBy: ['removal-feed/never-back'],
    create: (database) =>
      changingStore((store) => ({
        doAppend: async (commits, lockTimeoutMs) => {
          const outcomes = await store.doAppend(commits, lockTimeoutMs)
          for (const { appends } of commits) {
            for (const { streamId, events } of appends) {
              const stream = database.streams.get(streamId)
              const row = stream?.rows.find(({ id, removed }) => removed && id === events[0]?.id)
              // A repairing writer: what it was told to write is missing, so it puts it back.
              if (stream !== undefined && row !== undefined)
                stream.firstVersion = Math.min(stream.firstVersion, row.version)
            }
          }
          return outcomes
        },
      })),
  },
  {
    law: 'D4',
    id: 'D4/only-once',
    breaks: 'refuses a removal that was done before',
    killedBy: ['removal/repeat'],
    create: () =>
      changingStore((store) => ({
        doRemove: async (removal) => {
          const { version, deleted } = await store.doHead(removal.streamId, removal.partition)
          if (!deleted) return store.doRemove(removal)
          return { ok: false, error: new EventStoreError('STREAM_DELETED', `deleted at version ${version}`) }
        },
      })),
  },
  {
    law: 'D4',
    id: 'D4/smaller-bound-restores',
    breaks: 'lets a repeated truncation by a smaller bound undo the larger one',
    killedBy: ['removal/repeat', 'properties/model'],
    create: (database) =>
      changingStore((store) => ({
        doRemove: async (removal) => {
          const outcome = await store.doRemove(removal)
          const stream = database.streams.get(removal.streamId)
          if (outcome.ok && removal.kind === 'truncate' && stream !== undefined)
            stream.firstVersion = removal.before
          return outcome
        },
      })),
  },
]
