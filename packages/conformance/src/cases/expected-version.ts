import assert from 'node:assert/strict'
import type { ExpectedVersion } from '@eventspine/core'
import type { Case } from '../kit.ts'
import { versionConflict } from '../refusal.ts'
import { sampleEvent, sampleEvents } from '../sample-events.ts'
import { leavesUntouched } from '../untouched.ts'

const EXPECTATIONS: readonly ExpectedVersion[] = [
  'any',
  'none',
  'exists',
  0,
  1,
  2,
  3,
  4,
  Number.MAX_SAFE_INTEGER,
]

/** What the words mean, spelt out apart from the code that is under test. */
function fits(expected: ExpectedVersion, version: number): boolean {
  switch (expected) {
    case 'any':
      return true
    case 'none':
      return version === 0
    case 'exists':
      return version > 0
    default:
      return expected === version
  }
}

export const expectedVersionCases: readonly Case[] = [
  {
    id: 'expected-version/matrix',
    laws: ['A3', 'A2'],
    title:
      'accepts or refuses every expectation at every version, telling both sides, and a refusal writes nothing',
    async run({ open }) {
      const { store } = (await open()).backend
      for (const version of [0, 1, 2, 3]) {
        for (const [index, expectedVersion] of EXPECTATIONS.entries()) {
          const streamId = `counter:${version}-${index}`
          if (version > 0) await store.append(streamId, sampleEvents(version))
          if (fits(expectedVersion, version)) {
            const result = await store.append(streamId, sampleEvents(2, version + 1), { expectedVersion })
            assert.equal(result.version, version + 2, `${expectedVersion} at ${version}`)
          } else {
            const expected = { streamId, expectedVersion, actualVersion: version }
            await versionConflict(
              () => store.append(streamId, sampleEvents(2), { expectedVersion }),
              expected,
            )
            assert.equal((await store.head(streamId)).version, version, `${expectedVersion} at ${version}`)
          }
        }
      }
      const events = await store.feed().toArray()
      assert.ok(
        events.every((event) => event.streamPosition <= 5),
        'a refused append left an event',
      )
    },
  },
  {
    id: 'expected-version/none-twice',
    laws: ['A3'],
    title: 'refuses a second creation of a stream',
    async run({ open }) {
      const { store } = (await open()).backend
      const streamId = 'counter:twice'
      await store.append(streamId, [sampleEvent(1)], { expectedVersion: 'none' })
      await leavesUntouched(store, [streamId], () =>
        versionConflict(() => store.append(streamId, [sampleEvent(2)], { expectedVersion: 'none' }), {
          streamId,
          expectedVersion: 'none',
          actualVersion: 1,
        }),
      )
    },
  },
  {
    id: 'expected-version/exists-on-missing',
    laws: ['A3'],
    title: 'refuses an append that expects a stream to exist where there is none, and creates none',
    async run({ open }) {
      const { store } = (await open()).backend
      const streamId = 'counter:missing'
      await leavesUntouched(store, [streamId], () =>
        versionConflict(() => store.append(streamId, [sampleEvent(1)], { expectedVersion: 'exists' }), {
          streamId,
          expectedVersion: 'exists',
          actualVersion: 0,
        }),
      )
    },
  },
  {
    id: 'expected-version/ahead',
    laws: ['A2', 'A3'],
    title: 'refuses a version ahead of the head: a stream never gets a gap',
    async run({ open }) {
      const { store } = (await open()).backend
      await store.append('counter:gap', sampleEvents(2))
      await leavesUntouched(store, ['counter:gap', 'counter:void'], async () => {
        for (const expectedVersion of [3, 7]) {
          const call = () => store.append('counter:gap', [sampleEvent(1)], { expectedVersion })
          await versionConflict(call, { streamId: 'counter:gap', expectedVersion, actualVersion: 2 })
        }
        const call = () => store.append('counter:void', [sampleEvent(1)], { expectedVersion: 1 })
        await versionConflict(call, { streamId: 'counter:void', expectedVersion: 1, actualVersion: 0 })
      })
    },
  },
  {
    id: 'expected-version/stale',
    laws: ['A3'],
    title: 'refuses a version behind the head and writes nothing, and the stream goes on from its version',
    async run({ open }) {
      const { store } = (await open()).backend
      const streamId = 'counter:stale'
      await store.append(streamId, sampleEvents(3))
      for (const expectedVersion of [0, 1, 2]) {
        await leavesUntouched(store, [streamId], () =>
          versionConflict(() => store.append(streamId, [sampleEvent(4)], { expectedVersion }), {
            streamId,
            expectedVersion,
            actualVersion: 3,
          }),
        )
      }
      assert.equal((await store.append(streamId, [sampleEvent(4)], { expectedVersion: 3 })).version, 4)
      const events = await store.feed().toArray()
      assert.equal(events.length, 4)
    },
  },
  {
    id: 'expected-version/retry-after-conflict',
    laws: ['A3'],
    title: 'lets the same events in at the right version after they were refused at a wrong one',
    async run({ open }) {
      const { store } = (await open()).backend
      const streamId = 'counter:retried'
      await store.append(streamId, sampleEvents(2))
      const events = sampleEvents(2, 3)
      await versionConflict(() => store.append(streamId, events, { expectedVersion: 1 }), {
        streamId,
        expectedVersion: 1,
        actualVersion: 2,
      })
      const result = await store.append(streamId, events, { expectedVersion: 2 })
      assert.deepEqual([result.version, result.repeated], [4, false])
    },
  },
]
