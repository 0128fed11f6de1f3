import { EventStoreError, type StreamAppend } from '@eventspine/core'
import type { MemoryDatabase } from '@eventspine/memory'
import { appendOne, changingCommits, changingStore, inTurn, turn } from './changing.ts'
import type { Mutant } from './mutant.ts'

/** Drops what was written last, as a process does that acknowledges before it writes. */
function loseLastCommit(database: MemoryDatabase, events: number): void {
  for (const partition of database.partitions) {
    for (let left = events; left > 0; left--) {
      const row = partition.rows.pop()
      const stream = row === undefined ? undefined : database.streams.get(row.streamId)
      stream?.rows.pop()
      if (stream !== undefined) stream.committed = stream.rows.length
    }
    partition.committed = partition.rows.length
  }
}

function expecting(append: StreamAppend, expectedVersion: StreamAppend['expectedVersion']): StreamAppend {
  return { ...append, expectedVersion }
}

export const appendMutants: readonly Mutant[] = [
  {
    law: 'A1',
    id: 'A1/piecemeal',
    breaks: 'writes the events of a commit one after the other',
    killedBy: ['append/whole-or-nothing', 'properties/racing-readers'],
    create: () =>
      changingStore((store) => ({
        doAppend: (commits) =>
          inTurn(commits, async (commit) => {
            const [append] = commit.appends
            if (append === undefined || commit.appends.length > 1 || append.events.length < 2) {
              return appendOne(store, commit)
            }
            const [first, ...rest] = append.events
            const begun = await appendOne(store, {
              ...commit,
              appends: [{ ...append, events: first ? [first] : [] }],
            })
            if (!begun.ok) return begun
            await turn()
            return appendOne(store, {
              documents: [],
              appends: [{ ...expecting(append, 'any'), events: rest }],
            })
          }),
      })),
  },
  {
    law: 'A1',
    id: 'A1/stream-by-stream',
    breaks: 'commits several streams one after the other and stops at the first that conflicts',
    killedBy: ['commit/one-conflict'],
    create: () =>
      changingStore((store) => ({
        doAppend: (commits) =>
          inTurn(commits, async (commit) => {
            const streams = []
            for (const append of commit.appends) {
              const outcome = await appendOne(store, { appends: [append], documents: [] })
              if (!outcome.ok) return outcome
              streams.push(...outcome.streams)
            }
            return { ok: true, streams, revisions: commit.documents.map(() => undefined) }
          }),
      })),
  },
  {
    law: 'A2',
    id: 'A2/gap',
    breaks: 'leaves out version 4 of every stream',
    killedBy: ['append/versions'],
    create: () => {
      const shifted = (version: number): number => (version > 3 ? version + 1 : version)
      return changingStore((store) => ({
        doAppend: async (commits, lockTimeoutMs) =>
          (await store.doAppend(commits, lockTimeoutMs)).map((outcome) =>
            outcome.ok
              ? {
                  ...outcome,
                  streams: outcome.streams.map((stream) => ({ ...stream, version: shifted(stream.version) })),
                }
              : outcome,
          ),
        doRead: async (request) => {
          const page = await store.doRead(request)
          return {
            ...page,
            events: page.events.map((event) => ({ ...event, version: shifted(event.version) })),
          }
        },
      }))
    },
  },
  {
    law: 'A2',
    id: 'A2/version-ahead',
    breaks: 'accepts a version ahead of the head',
    killedBy: ['expected-version/ahead'],
    create: () =>
      changingCommits(async (commit, store) => {
        const appends = []
        for (const append of commit.appends) {
          const { version } = await store.doHead(append.streamId, append.partition)
          const ahead = typeof append.expectedVersion === 'number' && append.expectedVersion > version
          appends.push(ahead ? expecting(append, 'any') : append)
        }
        return { ...commit, appends }
      }),
  },
  {
    law: 'A3',
    id: 'A3/words-ignored',
    breaks: 'takes `none` and `exists` for no expectation at all',
    killedBy: [
      'expected-version/none-twice',
      'expected-version/exists-on-missing',
      'expected-version/matrix',
    ],
    create: () =>
      changingCommits((commit) => ({
        ...commit,
        appends: commit.appends.map((append) =>
          typeof append.expectedVersion === 'number' ? append : expecting(append, 'any'),
        ),
      })),
  },
  {
    law: 'A3',
    id: 'A3/any-conflicts',
    breaks: 'reads the version for `any` and appends at it, so that contention is a conflict',
    killedBy: ['racing/any'],
    create: () =>
      changingStore((store) => ({
        doAppend: (commits) =>
          inTurn(commits, async (commit) => {
            const appends = []
            for (const append of commit.appends) {
              const { version } = await store.doHead(append.streamId, append.partition)
              appends.push(append.expectedVersion === 'any' ? expecting(append, version) : append)
            }
            await turn()
            return appendOne(store, { ...commit, appends })
          }),
      })),
  },
  {
    law: 'A4',
    id: 'A4/check-then-write',
    breaks: 'checks the version, and writes in a second step',
    killedBy: ['racing/exact-version', 'racing/creation', 'racing/no-lost-update'],
    create: () =>
      changingStore((store) => ({
        doAppend: (commits, lockTimeoutMs) =>
          inTurn(commits, async (commit) => {
            const [append] = commit.appends
            if (append === undefined) return appendOne(store, commit)
            const { version } = await store.doHead(append.streamId, append.partition)
            const { expectedVersion } = append
            if (expectedVersion !== version && !(expectedVersion === 'none' && version === 0)) {
              return appendOne(store, commit)
            }
            await turn()
            const [outcome] = await store.doAppend(
              [{ ...commit, appends: [expecting(append, 'any')] }],
              lockTimeoutMs,
            )
            return outcome ?? appendOne(store, commit)
          }),
      })),
  },
  {
    law: 'A4',
    id: 'A4/no-check',
    breaks: 'checks no version at all',
    killedBy: ['racing/exact-version', 'expected-version/stale'],
    create: () =>
      changingCommits((commit) => ({
        ...commit,
        appends: commit.appends.map((append) => expecting(append, 'any')),
      })),
  },
  {
    law: 'A5',
    id: 'A5/acknowledged-early',
    breaks: 'loses the last commit when it is closed',
    killedBy: ['append/durable'],
    create: (database) => {
      let events = 0
      const counting = changingStore((store) => ({
        doAppend: (commits, lockTimeoutMs) => {
          events = commits.at(-1)?.appends.at(-1)?.events.length ?? 0
          return store.doAppend(commits, lockTimeoutMs)
        },
      }))
      return {
        adapter: (adapter) => ({
          ...(counting.adapter?.(adapter) ?? adapter),
          doClose: async () => loseLastCommit(database, events),
        }),
      }
    },
  },
  {
    law: 'A11',
    id: 'A11/documents-first',
    breaks: 'writes the documents of a commit before it knows the verdict on the events',
    killedBy: ['commit-documents/either-conflict'],
    create: () =>
      changingStore((store, { documents }) => ({
        doAppend: (commits) =>
          inTurn(commits, async (commit) => {
            if (commit.documents.length === 0 || documents === undefined) return appendOne(store, commit)
            const written = await documents.doWrite(commit.documents)
            if (!written.ok) return written
            const outcome = await appendOne(store, { ...commit, documents: [] })
            return outcome.ok ? { ...outcome, revisions: written.revisions } : outcome
          }),
      })),
  },
  {
    law: 'A11',
    id: 'A11/documents-later',
    breaks: 'writes the documents of a commit after the events, whatever becomes of them',
    killedBy: ['commit-documents/either-conflict', 'commit-documents/race'],
    create: () =>
      changingStore((store, { documents }) => ({
        doAppend: (commits) =>
          inTurn(commits, async (commit) => {
            const outcome = await appendOne(store, { ...commit, documents: [] })
            if (!outcome.ok || documents === undefined || commit.documents.length === 0) return outcome
            const written = await documents.doWrite(commit.documents)
            return written.ok ? { ...outcome, revisions: written.revisions } : written
          }),
      })),
  },
  {
    law: 'A12',
    id: 'A12/no-wait',
    breaks: 'is busy at once instead of waiting',
    killedBy: ['busy/lock-timeout', 'busy/waits-its-turn'],
    create: () => changingStore((store) => ({ doAppend: (commits) => store.doAppend(commits, 0) })),
  },
  {
    law: 'A12',
    id: 'A12/written-all-the-same',
    breaks: 'says that it is busy and goes on waiting to write',
    killedBy: ['busy/lock-timeout'],
    create: () =>
      changingStore((store) => ({
        doAppend: async (commits, lockTimeoutMs) => {
          const outcomes = await store.doAppend(commits, lockTimeoutMs)
          if (outcomes.some((outcome) => !outcome.ok && EventStoreError.is(outcome.error, 'BUSY'))) {
            void store.doAppend(commits, 60_000)
          }
          return outcomes
        },
      })),
  },
]
