import assert from 'node:assert/strict'
import { claimCheckOf, HoldingTarget, payloadsOf, write } from '../claim-check-bed.ts'
import type { Case, CaseContext } from '../kit.ts'
import { refusal } from '../refusal.ts'
import { numberOf, sampleEvent, sampleEvents } from '../sample-events.ts'

const STREAM = 'counter:left'
const HOUR_MS = 60 * 60 * 1000

/** Expected versions are for stores alone. */
async function refusesAppends({ open }: CaseContext): Promise<void> {
  const { backend } = await open()
  await refusal(() => backend.store.append(STREAM, sampleEvents(1)), 'NOT_SUPPORTED')
}

async function failureOf(call: Promise<void>): Promise<unknown> {
  return call.then(
    () => undefined,
    (error: unknown) => error,
  )
}

export const payloadOrphanCases: readonly Case[] = [
  {
    id: 'payload-orphans/slow-writer',
    laws: ['P2'],
    title:
      'leaves alone the payload of an append at an exact version that is still on its way, however long it takes',
    needs: ({ store }) => store,
    refuses: refusesAppends,
    async run({ open }) {
      const test = await open()
      const { target, payloads, decorate, collectOrphans } = claimCheckOf(test)
      const holding = new HoldingTarget(target)
      const writer = decorate(holding.backend, payloads.documents)
      await write(writer, STREAM, sampleEvents(2), 0)
      const held = holding.holdNext()
      const written = write(writer, STREAM, [sampleEvent(3), sampleEvent(4)], 2)
      await held.reached
      assert.equal(await collectOrphans(test.backend, 0), 0)
      held.release()
      await written
      assert.equal(await collectOrphans(test.backend, 0), 0)
      assert.deepEqual((await test.backend.store.read(STREAM).toArray()).map(numberOf), [1, 2, 3, 4])
    },
  },
  {
    id: 'payload-orphans/outrun',
    laws: ['P2'],
    title: 'collects what appends have left that others outran, and nothing that an event refers to',
    needs: ({ store }) => store,
    refuses: refusesAppends,
    async run({ open }) {
      const test = await open()
      const { payloads, collectOrphans } = claimCheckOf(test)
      await write(test.backend, STREAM, sampleEvents(3), 0)
      const late = sampleEvents(3, 7)
      await refusal(() => write(test.backend, STREAM, late, 0), 'VERSION_CONFLICT')
      assert.equal((await payloadsOf(payloads)).size, 6)
      assert.equal(await collectOrphans(test.backend, HOUR_MS), 3)
      assert.equal((await payloadsOf(payloads)).size, 3)
      await write(test.backend, STREAM, late, 3)
      assert.equal(await collectOrphans(test.backend, HOUR_MS), 0)
      assert.deepEqual((await test.backend.store.read(STREAM).toArray()).map(numberOf), [1, 2, 3, 7, 8, 9])
    },
  },
  {
    id: 'payload-orphans/same-id-elsewhere',
    laws: ['P2'],
    title: 'tells one id in two streams and at two versions apart: what one attempt left is collected alone',
    needs: ({ store }) => store,
    refuses: refusesAppends,
    async run({ open }) {
      const test = await open()
      const { payloads, collectOrphans } = claimCheckOf(test)
      const event = sampleEvent(5)
      await write(test.backend, STREAM, sampleEvents(2), 0)
      // The same event at version 1, too late; then where the stream is by now, and in another stream.
      await refusal(() => write(test.backend, STREAM, [event], 0), 'VERSION_CONFLICT')
      await write(test.backend, STREAM, [event], 2)
      await write(test.backend, 'counter:other', [event], 0)
      assert.equal((await payloadsOf(payloads)).size, 5)
      assert.equal(await collectOrphans(test.backend, HOUR_MS), 1)
      assert.deepEqual((await test.backend.store.read(STREAM).toArray()).map(numberOf), [1, 2, 5])
      assert.deepEqual((await test.backend.store.read('counter:other').toArray()).map(numberOf), [5])
    },
  },
  {
    id: 'payload-orphans/grace',
    laws: ['P2'],
    title:
      'leaves alone for a period of grace what no expected version fences, and collects what is left then',
    async run({ open }) {
      const test = await open()
      const { target, payloads, decorate, collectOrphans } = claimCheckOf(test)
      const holding = new HoldingTarget(target)
      const writer = decorate(holding.backend, payloads.documents)
      await write(writer, STREAM, sampleEvents(3))
      const held = holding.holdNext()
      const written = write(writer, STREAM, [sampleEvent(4)])
      await held.reached
      assert.equal(await collectOrphans(test.backend, HOUR_MS), 0)
      held.release()
      await written
      assert.equal((await payloadsOf(payloads)).size, 4)
      // Of an attempt that was given up, nothing tells but time. Its own clock has moved on since it was written.
      const abandoned = holding.holdNext()
      const given = failureOf(write(writer, 'counter:gone', [sampleEvent(5)]))
      await abandoned.reached
      const before = Date.now()
      while (Date.now() <= before + 1) await new Promise((resolve) => setTimeout(resolve, 1))
      assert.equal(await collectOrphans(test.backend, 0), 1)
      assert.equal((await payloadsOf(payloads)).size, 4)
      abandoned.release()
      await given
      const read: number[] = []
      await test.backend.stream.runOnce({
        group: 'after',
        budgetMs: 60_000,
        handlers: (event) => {
          if (event.streamId === STREAM) read.push(numberOf(event))
        },
      })
      assert.deepEqual(read, [1, 2, 3, 4])
    },
  },
  {
    id: 'payload-orphans/removed',
    laws: ['P2', 'D3'],
    title: 'takes the payloads of removed events along, so that nothing is left of their data',
    needs: ({ store, removal }) => store && removal,
    refuses: async ({ open }) => {
      const { backend } = await open()
      await refusal(() => backend.store.delete(STREAM), 'NOT_SUPPORTED')
    },
    async run({ open }) {
      const test = await open()
      const { payloads, collectOrphans } = claimCheckOf(test)
      await write(test.backend, STREAM, sampleEvents(5), 0)
      await test.backend.store.truncate(STREAM, { before: 3 })
      assert.equal((await payloadsOf(payloads)).size, 3)
      await test.backend.store.delete(STREAM)
      assert.equal((await payloadsOf(payloads)).size, 0)
      assert.equal(await collectOrphans(test.backend, 0), 0)
    },
  },
]
