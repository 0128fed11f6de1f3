import { defineEvents } from '@eventspine/core'
import { memory } from '@eventspine/memory'
import { expect, test, vi } from 'vitest'
import { z } from 'zod'
import {
  inlineProjections,
  project,
  projection,
  readModel,
  rebuildProjection,
  runProjection,
} from '../src/index.ts'
import { account } from './account.ts'
import { listed, PATIENCE, QUICK } from './balances.ts'

vi.setConfig({ testTimeout: 120_000 })

const invoice = defineEvents('invoice', {
  Sent: z.object({ account: z.string(), cents: z.number() }),
  Settled: z.object({ account: z.string() }),
  // Of a name that the other contract has too.
  Closed: z.object({ account: z.string() }),
})

/** One document for each customer, fed by streams of two categories. */
const customers = projection({
  name: 'customers',
  events: [account, invoice],
  key: (event) => ('account' in event.data ? event.data.account : event.streamId.slice('account:'.length)),
  initialState: () => ({ cents: 0, sent: 0, seen: 0 }),
  evolve: {
    Deposited: (state, { data }) => ({ ...state, cents: state.cents + data.cents, seen: state.seen + 1 }),
    Sent: (state, { data }) => ({ ...state, sent: state.sent + data.cents, seen: state.seen + 1 }),
    Settled: (state) => ({ ...state, seen: state.seen + 1 }),
    Closed: (state, { data }) => ('account' in data ? { ...state, seen: state.seen + 100 } : state),
  },
})

/** Numbers that are the same in each run, and look like none of them. */
function* numbers(seed: number): Generator<number, never> {
  let state = seed
  for (;;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    yield state >>> 8
  }
}

test.each([1, 2, 3, 4])('inline, async, live and rebuilt come to the same, of history %i', async (seed) => {
  await using backend = memory({ partitions: 4 })
  const inline = inlineProjections(backend, [customers])
  const random = numbers(seed)
  const next = (below: number): number => random.next().value % below
  await using other = memory({ partitions: 4 })
  const both = { stream: backend.stream, documents: other.documents }
  await using running = await runProjection(both, customers, QUICK)
  let token = ''
  const versions = new Map<string, number>()
  for (let count = 0; count < 60; count++) {
    const who = `c${next(4)}`
    const made = [
      { streamId: account.stream(who), event: account.event('Deposited', { cents: next(50) + 1 }) },
      {
        streamId: invoice.stream(`i${next(6)}`),
        event: invoice.event('Sent', { account: who, cents: next(50) }),
      },
      { streamId: invoice.stream(`i${next(6)}`), event: invoice.event('Settled', { account: who }) },
      { streamId: account.stream(who), event: account.event('Opened', { owner: who }) },
      { streamId: invoice.stream(`i${next(6)}`), event: invoice.event('Closed', { account: who }) },
    ][next(5)]
    if (made === undefined) continue
    const expectedVersion = versions.get(made.streamId) ?? 0
    // Now and then a writer leaves the projection out.
    const isInline = next(3) > 0
    const result = isInline
      ? await inline.append(made.streamId, [made.event], { expectedVersion })
      : await backend.store.append(made.streamId, [made.event], { expectedVersion })
    versions.set(made.streamId, result.version)
    token = result.token
    await running.caughtUpTo(token, { timeoutMs: PATIENCE.timeout })
  }
  const truth = Object.fromEntries(await project(backend.store, customers))
  expect(Object.keys(truth).length).toBeGreaterThan(2)
  expect(await listed(running)).toEqual(truth)
  // What was appended without is made up for by a rebuild, beside what is inline.
  await rebuildProjection(backend, customers, QUICK)
  expect(await listed(readModel(backend.documents, customers))).toEqual(truth)
})
