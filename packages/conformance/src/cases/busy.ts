import assert from 'node:assert/strict'
import { type Backend, type Capabilities, EventStoreError } from '@eventspine/core'
import type { Case, CaseContext } from '../kit.ts'
import { refusal } from '../refusal.ts'
import { numberOf, sampleEvent } from '../sample-events.ts'
import { turn } from '../turn.ts'

/** Beyond `lockTimeoutMs`: for a slow machine and the round trips. */
const TOLERANCE_MS = 4_000

export interface OpenTransaction {
  /** Ends it: by a commit, or by a rollback when `error` is given. */
  readonly end: (error?: Error) => Promise<void>
}

/** Opens a transaction that has appended to `streamId` and stays open until it is ended. */
export async function holdOpen(backend: Backend, streamId: string): Promise<OpenTransaction> {
  let release: (error?: Error) => void = () => undefined
  const released = new Promise<Error | undefined>((resolve) => (release = resolve))
  let hold: () => void = () => undefined
  const held = new Promise<void>((resolve) => (hold = resolve))
  const ended = backend.transaction(async (transaction) => {
    await transaction.store.append(streamId, [sampleEvent(1)])
    hold()
    const error = await released
    if (error !== undefined) throw error
  })
  await Promise.race([held, ended])
  return {
    end: async (error) => {
      release(error)
      try {
        await ended
      } catch (thrown) {
        if (thrown !== error) throw thrown
      }
    },
  }
}

/** Where there are no transactions, the verb says so. */
export async function refusesTransaction({ open }: CaseContext): Promise<void> {
  const { backend } = await open()
  await refusal(() => backend.transaction(async () => undefined), 'NOT_SUPPORTED')
}

/** Transactions over store and documents, and other calls that go on beside an open one. */
export const besideTransaction = {
  needs: ({ sharedTransaction, callsBesideTransaction }: Capabilities) =>
    sharedTransaction !== 'none' && callsBesideTransaction,
  refuses: refusesBesideTransaction,
}

/** Where the one connection is the transaction's, others wait for it and are told so; nothing is seen half. */
async function refusesBesideTransaction(context: CaseContext): Promise<void> {
  if (context.capabilities.sharedTransaction === 'none') return refusesTransaction(context)
  const test = await context.open()
  const outside = await test.sibling()
  const transaction = await holdOpen(test.backend, 'counter:held')
  try {
    await refusal(() => outside.store.read('counter:held').toArray(), 'BUSY', { retryable: true })
    await refusal(() => outside.store.feed().toArray(), 'BUSY', { retryable: true })
  } finally {
    await transaction.end()
  }
  assert.deepEqual((await outside.store.feed().toArray()).map(numberOf), [1])
}

export const busyCases: readonly Case[] = [
  {
    id: 'busy/lock-timeout',
    laws: ['A12'],
    title: 'waits for an open transaction as long as asked for, is BUSY then, and has written nothing',
    needs: ({ sharedTransaction }) => sharedTransaction !== 'none',
    refuses: refusesTransaction,
    async run({ open }) {
      const test = await open()
      const outside = await test.sibling()
      const transaction = await holdOpen(test.backend, 'counter:held')
      try {
        for (const lockTimeoutMs of [50, 300]) {
          const startMs = performance.now()
          for (const expectedVersion of ['any', 0] as const) {
            const append = () =>
              outside.store.append('counter:held', [sampleEvent(2)], { lockTimeoutMs, expectedVersion })
            await refusal(append, 'BUSY', { retryable: true })
          }
          const tookMs = performance.now() - startMs
          assert.ok(tookMs < 2 * lockTimeoutMs + TOLERANCE_MS, `waited ${tookMs} ms for ${lockTimeoutMs}`)
          assert.ok(tookMs > lockTimeoutMs, `gave up after ${tookMs} ms of ${lockTimeoutMs}`)
        }
      } finally {
        await transaction.end()
      }
      const { version } = await outside.store.append('counter:held', [sampleEvent(3)], { expectedVersion: 1 })
      assert.equal(version, 2)
      assert.deepEqual((await outside.store.read('counter:held').toArray()).map(numberOf), [1, 3])
    },
  },
  {
    id: 'busy/waits-its-turn',
    laws: ['A12', 'A3'],
    title: 'goes on as soon as the transaction it waited for has ended, and judges by what that left behind',
    needs: ({ sharedTransaction }) => sharedTransaction !== 'none',
    refuses: refusesTransaction,
    async run({ open }) {
      const test = await open()
      const outside = await test.sibling()
      for (const rollback of [undefined, new Error('rolled back on purpose')]) {
        const before = (await outside.store.head('counter:turn')).version
        const transaction = await holdOpen(test.backend, 'counter:turn')
        const options = { lockTimeoutMs: 20_000, expectedVersion: before }
        const waiting = outside.store.append('counter:turn', [sampleEvent(2)], options).then(
          ({ version }) => version,
          (error: unknown) => error,
        )
        // The append has to be waiting before the transaction ends; a turn of the loop sends it.
        await turn()
        await transaction.end(rollback)
        const outcome = await waiting
        if (rollback === undefined)
          assert.ok(EventStoreError.is(outcome, 'VERSION_CONFLICT'), String(outcome))
        else assert.equal(outcome, before + 1)
      }
    },
  },
]
