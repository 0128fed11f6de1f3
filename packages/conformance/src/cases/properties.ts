import assert from 'node:assert/strict'
import type { EventStore, ExpectedVersion } from '@eventspine/core'
import * as fc from 'fast-check'
import { alongside } from '../alongside.ts'
import { Follower } from '../follower.ts'
import type { Case, CaseContext } from '../kit.ts'
import {
  AppendCommand,
  FeedCommand,
  type Model,
  ReadCommand,
  type Real,
  RemoveCommand,
  type StoreCommand,
} from '../program/model.ts'
import { sampleEvents } from '../sample-events.ts'

/** No further run is begun after this; what was found until then counts. */
const BUDGET_MS = 30_000

const settings = ({ seed, rounds }: CaseContext) => ({
  seed,
  numRuns: rounds,
  interruptAfterTimeLimit: BUDGET_MS,
  markInterruptAsFailure: false,
})

const expectation: fc.Arbitrary<ExpectedVersion> = fc.oneof(
  fc.constant('any' as const),
  fc.constantFrom('none' as const, 'exists' as const),
  fc.integer({ min: 0, max: 8 }),
)

/** Commands over the streams of one run. */
function commands(streamIds: readonly string[], removal: boolean): fc.Arbitrary<StoreCommand>[] {
  const streamId = fc.constantFrom(...streamIds)
  const bound = fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined })
  const append = fc
    .tuple(streamId, fc.integer({ min: 0, max: 4 }), expectation)
    .map(([stream, count, expected]) => new AppendCommand(stream, count, expected))
  const read = fc
    .tuple(streamId, bound, bound, fc.constantFrom('forward' as const, 'backward' as const), bound, bound)
    .map(
      ([stream, from, to, direction, limit, pageSize]) =>
        new ReadCommand(stream, { from, to, direction, limit, pageSize }),
    )
  const feed = fc
    .tuple(fc.nat(20), fc.integer({ min: 1, max: 5 }))
    .map(([from, pageSize]) => new FeedCommand(from, pageSize))
  // Most removals shall succeed: what they leave behind is what matters.
  const mostlyFits = fc.oneof(fc.constantFrom('any' as const, 'exists' as const), expectation)
  const truncate = fc
    .tuple(streamId, fc.integer({ min: 1, max: 9 }), mostlyFits)
    .map(([stream, before, expected]) => new RemoveCommand(stream, before, expected))
  const deletion = fc
    .tuple(streamId, mostlyFits)
    .map(([stream, expected]) => new RemoveCommand(stream, undefined, expected))
  const written = [append, append, append, read, read, feed]
  return removal ? [...written, truncate, deletion] : written
}

/** JSON values as they come back: `-0` does not, nor integers past 2^53, and `__proto__` is no key. */
const jsonValue: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, false, 0),
    fc.string({ unit: 'binary' }),
    fc.string({ unit: 'grapheme' }),
    fc.maxSafeInteger().map((number) => number + 0),
    fc
      .double({ noNaN: true, noDefaultInfinity: true })
      .filter(
        (number) => !Object.is(number, -0) && (!Number.isInteger(number) || Number.isSafeInteger(number)),
      ),
    fc.array(tie('value')),
    fc.dictionary(
      fc.string({ unit: 'binary' }).filter((key) => key !== '__proto__' && key !== 'toJSON'),
      tie('value'),
      { noNullPrototype: true },
    ),
  ),
})).value

export const propertyCases: readonly Case[] = [
  {
    id: 'properties/model',
    laws: ['A2', 'A3', 'A8', 'R2', 'R3', 'D1', 'D2', 'D3', 'F2', 'F4', 'F5'],
    title: 'agrees with a list in random programs of appends, reads and removals, shrunk when they do not',
    timeoutMs: 150_000,
    async run(context) {
      const { backend } = await context.open()
      const { store, capabilities } = backend
      let run = 0
      const streamIds = ['a', 'b']
      const program = fc.commands(commands(streamIds, capabilities.removal), { maxCommands: 50, size: 'max' })
      await fc.assert(
        fc.asyncProperty(program, async (generated) => {
          // The store is shared by all runs: each has streams of its own and begins at the feed's end.
          const prefix = `run-${++run}:`
          const start = await store.feedHead()
          const nameOf = (streamId: string) => prefix + streamId
          const setup = (): { model: Model; real: Real } => ({
            model: { streams: new Map(), feed: [], nextNumber: 1 },
            real: { store, nameOf, start, positions: [] },
          })
          await fc.asyncModelRun(setup, generated)
        }),
        settings(context),
      )
    },
  },
  {
    id: 'properties/json',
    laws: ['R5'],
    title: 'gives back any JSON value deep-equal',
    timeoutMs: 150_000,
    async run(context) {
      const { store } = (await context.open()).backend
      let run = 0
      await fc.assert(
        fc.asyncProperty(fc.array(jsonValue, { minLength: 1, maxLength: 20 }), async (values) => {
          const streamId = `json:${++run}`
          await store.append(
            streamId,
            values.map((data) => ({ type: 'Kept', data })),
          )
          const events = await store.read(streamId).toArray()
          assert.deepEqual(
            events.map(({ data }) => data),
            values,
          )
        }),
        settings(context),
      )
    },
  },
  {
    id: 'properties/racing-readers',
    laws: ['A1', 'A2', 'F2', 'F3', 'F4'],
    title: 'never shows readers a late, doubled, lost or divided commit, whatever writers race them',
    timeoutMs: 150_000,
    async run(context) {
      const test = await context.open()
      const other = (await test.sibling()).store
      const clients: readonly EventStore[] = [test.backend.store, other]
      let run = 0
      const writer = fc.record({
        client: fc.nat(1),
        commits: fc.array(
          fc.record({ stream: fc.nat(2), count: fc.integer({ min: 1, max: 5 }), waits: fc.boolean() }),
          { minLength: 1, maxLength: 12 },
        ),
      })
      const pages = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 3 })
      await fc.assert(
        fc.asyncProperty(
          fc.array(writer, { minLength: 1, maxLength: 4 }),
          pages,
          async (writers, pageSizes) => {
            run++
            const start = await other.feedHead()
            const followers = pageSizes.map(
              (pageSize, index) => new Follower(clients[index % 2] ?? other, 0, pageSize, start),
            )
            const commits: { readonly ids: readonly string[] }[] = []
            const write = async ({ client, commits: planned }: (typeof writers)[number]) => {
              const pending: Promise<unknown>[] = []
              for (const { stream, count, waits } of planned) {
                const events = sampleEvents(count)
                commits.push({ ids: events.map(({ id }) => id) })
                const appending = (clients[client] ?? other).append(`race-${run}:${stream}`, events)
                pending.push(appending)
                if (waits) await appending
              }
              await Promise.all(pending)
            }
            await alongside(
              (ended) => Promise.all(followers.map((follower) => follower.followUntil(ended))),
              () => Promise.all(writers.map(write)),
            )
            for (const follower of followers) {
              const seen = follower.seen.map(({ id }) => id)
              assert.equal(seen.length, commits.flatMap(({ ids }) => ids).length)
              for (const { ids } of commits) {
                const at = seen.indexOf(ids[0] ?? '')
                assert.deepEqual(seen.slice(at, at + ids.length), ids, 'a commit stands together')
              }
            }
          },
        ),
        settings(context),
      )
    },
  },
]
