import assert from 'node:assert/strict'
import { type AppendResult, type Backend, EventStoreError, type EventStore } from '@eventspine/core'
import type { Case } from '../kit.ts'
import { refusal } from '../refusal.ts'
import { sampleEvent, sampleEvents } from '../sample-events.ts'

type Attempt = { readonly result: AppendResult } | { readonly error: EventStoreError }

/** Appends and aborts after some microtasks: before it is sent, under way, or too late. */
async function appendAndAbort(
  store: EventStore,
  streamId: string,
  events: ReturnType<typeof sampleEvents>,
  expectedVersion: 'any' | 'exists' | number,
  microtasks: number,
): Promise<Attempt> {
  const abort = new AbortController()
  const attempt = store.append(streamId, events, { expectedVersion, signal: abort.signal }).then(
    (result): Attempt => ({ result }),
    (error: unknown): Attempt => {
      assert.ok(EventStoreError.is(error), `expected a typed error, got ${String(error)}`)
      return { error }
    },
  )
  for (let turn = 0; turn < microtasks; turn++) await Promise.resolve()
  abort.abort()
  return attempt
}

/** Enough microtasks for an append in memory to end; a real round trip is under way long before. */
const MOST_MICROTASKS = 40

export const unknownOutcomeCases: readonly Case[] = [
  {
    id: 'unknown-outcome/abort-under-way',
    laws: ['A7', 'A6'],
    title:
      'tells an append aborted under way as unknown and one aborted before as not applied; a repeat decides',
    async run({ open }) {
      const { store } = (await open()).backend
      let unknown = 0
      let version = 0
      for (let microtasks = 0; microtasks < MOST_MICROTASKS; microtasks++) {
        const events = sampleEvents(2, version + 1)
        const attempt = await appendAndAbort(store, 'counter:aborted', events, version, microtasks)
        if ('error' in attempt) {
          const { code, outcome } = attempt.error
          assert.equal(code, 'ABORTED')
          if (outcome === 'unknown') unknown++
          else
            assert.equal((await store.head('counter:aborted')).version, version, 'not applied, and yet there')
        } else {
          assert.equal(attempt.result.repeated, false)
        }
        const decided = await store.append('counter:aborted', events, { expectedVersion: version })
        version += 2
        assert.equal(decided.version, version)
      }
      const events = await store.read('counter:aborted').toArray()
      assert.equal(new Set(events.map((event) => event.id)).size, version, 'every event is there once')
      assert.equal(events.length, version)
      assert.ok(unknown > 0, 'no abort met an append under way')
    },
  },
  {
    id: 'unknown-outcome/warns-of-doubling',
    laws: ['A7'],
    title: 'says so where a repeat may double: under any and exists, and not at an exact version',
    async run({ open }) {
      const { store } = (await open()).backend
      const seen = new Set<string>()
      for (let microtasks = 0; microtasks < MOST_MICROTASKS; microtasks++) {
        for (const expectation of ['any', 'exists', 'exact'] as const) {
          // A stream of its own: what was given up before may still arrive, and would be in the way.
          const streamId = `counter:warned-${expectation}-${microtasks}`
          await store.append(streamId, [sampleEvent(0)])
          const expectedVersion = expectation === 'exact' ? 1 : expectation
          const attempt = await appendAndAbort(store, streamId, sampleEvents(1), expectedVersion, microtasks)
          if ('result' in attempt || attempt.error.outcome !== 'unknown') continue
          seen.add(expectation)
          assert.equal(/double/.test(attempt.error.message), expectation !== 'exact', attempt.error.message)
        }
      }
      assert.deepEqual([...seen].sort(), ['any', 'exact', 'exists'], 'no abort met an append under way')
    },
  },
  {
    id: 'unknown-outcome/lost-reply',
    laws: ['A7', 'A6', 'A5'],
    title:
      'tells a lost reply as unknown and retryable or decided; a repeat at the exact version writes once',
    async run({ open }) {
      const test = await open()
      const { store } = test.backend
      const { loseReply } = test
      await store.append('counter:lost', [sampleEvent(1)])
      const events = sampleEvents(2, 2)
      if (loseReply === undefined) {
        // Without a way to lose replies the same is reached by giving up on the call.
        await appendAndAbort(store, 'counter:lost', events, 1, 8)
      } else {
        await loseReply()
        const error = await refusal(
          () => store.append('counter:lost', events, { expectedVersion: 1 }),
          'OUTCOME_UNKNOWN',
          {
            outcome: 'unknown',
          },
        )
        assert.ok(!/double/.test(error.message), error.message)
      }
      const decided = await store.append('counter:lost', events, { expectedVersion: 1 })
      assert.equal(decided.version, 3)
      if (loseReply !== undefined) assert.equal(decided.repeated, true, 'the first attempt was executed')
      await assertOnce(test.backend, 'counter:lost', 3)
      await assertOnce(await test.reopen(), 'counter:lost', 3)
    },
  },
  {
    id: 'unknown-outcome/lost-reply-any',
    laws: ['A7'],
    title: 'tells a lost reply under any as unknown and that a repeat may double, and keeps what was written',
    async run({ open }) {
      const test = await open()
      const { store } = test.backend
      const { loseReply } = test
      const events = sampleEvents(2)
      if (loseReply === undefined) {
        await appendAndAbort(store, 'counter:lost', events, 'any', 8)
      } else {
        await loseReply()
        const error = await refusal(() => store.append('counter:lost', events), 'OUTCOME_UNKNOWN', {
          outcome: 'unknown',
        })
        assert.match(error.message, /double/)
      }
      // What is known to be there is never written over or lost by what comes after.
      await store.append('counter:lost', [sampleEvent(3)])
      const { version } = await store.head('counter:lost')
      if (loseReply !== undefined) assert.equal(version, 3)
      await assertOnce(test.backend, 'counter:lost', version)
    },
  },
]

async function assertOnce({ store }: Backend, streamId: string, version: number): Promise<void> {
  const events = await store.read(streamId).toArray()
  assert.deepEqual(
    events.map((event) => event.streamPosition),
    Array.from({ length: version }, (_, index) => index + 1),
  )
  assert.equal(new Set(events.map((event) => event.id)).size, version)
  assert.equal((await store.feed().toArray()).length, version)
}
