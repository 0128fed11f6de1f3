import assert from 'node:assert/strict'
import type { Case } from '../kit.ts'
import { refusalAtOnce } from '../refusal.ts'
import { sampleEvent } from '../sample-events.ts'

/** Far above what a wake-up takes, far below the wait that it must cut short. */
const PROMPT_MS = 10_000
const LONG_MS = 45_000

async function tookMs(work: () => Promise<void>): Promise<number> {
  const startMs = performance.now()
  await work()
  return performance.now() - startMs
}

export const waitCases: readonly Case[] = [
  {
    id: 'wait/already-there',
    laws: ['F6'],
    title: 'returns at once when something stands behind the position',
    async run({ open }) {
      const { store } = (await open()).backend
      const start = await store.feedHead()
      await store.append('counter:1', [sampleEvent(1)])
      assert.ok((await tookMs(() => store.waitForFeed({ after: start, timeoutMs: LONG_MS }))) < PROMPT_MS)
    },
  },
  {
    id: 'wait/woken',
    laws: ['F6', 'F7'],
    title: 'is woken by a commit of this client and of another where push is declared',
    timeoutMs: 2 * LONG_MS + 30_000,
    needs: ({ feedWake }) => feedWake === 'push',
    refuses: async ({ open }) => {
      // Without a push the wait may only be shorter than asked for, never longer.
      const { store } = (await open()).backend
      const after = await store.feedHead()
      assert.ok((await tookMs(() => store.waitForFeed({ after, timeoutMs: 100 }))) < PROMPT_MS)
    },
    async run({ open }) {
      const test = await open({ partitions: 2 })
      const { store } = test.backend
      const other = (await test.sibling()).store
      for (const writer of [store, other]) {
        for (const partition of [0, 1]) {
          const after = await store.feedHead(partition)
          const waited = tookMs(async () => {
            // A hint, never a promise: it may come for nothing, so the reader waits until there is something.
            while ((await store.feed({ after }).toArray()).length === 0)
              await store.waitForFeed({ after, timeoutMs: LONG_MS })
          })
          await new Promise((resolve) => setImmediate(resolve))
          for (let number = 0; number < 8; number++)
            await writer.append(`counter:${number}`, [sampleEvent(number)])
          assert.ok((await waited) < PROMPT_MS, 'no writer woke the reader')
        }
      }
    },
  },
  {
    id: 'wait/ends',
    laws: ['F6'],
    title: 'ends after its timeout, at once for a timeout of 0 and when its signal aborts',
    async run({ open }) {
      const { store } = (await open()).backend
      const after = await store.feedHead()
      for (const timeoutMs of [0, 1, 50]) {
        assert.ok((await tookMs(() => store.waitForFeed({ after, timeoutMs }))) < PROMPT_MS)
      }
      const abort = new AbortController()
      const waited = tookMs(() => store.waitForFeed({ after, timeoutMs: LONG_MS, signal: abort.signal }))
      await new Promise((resolve) => setImmediate(resolve))
      abort.abort()
      assert.ok((await waited) < PROMPT_MS, 'the signal did not end the wait')
      const aborted = { after, timeoutMs: LONG_MS, signal: AbortSignal.abort() }
      assert.ok((await tookMs(() => store.waitForFeed(aborted))) < PROMPT_MS)
    },
  },
  {
    id: 'wait/close',
    laws: ['F6'],
    title: 'does not keep the store from closing',
    async run({ open }) {
      const { backend } = await open()
      const after = await backend.store.feedHead()
      const abort = new AbortController()
      const waiting = backend.store
        .waitForFeed({ after, timeoutMs: LONG_MS, signal: abort.signal })
        .catch(() => undefined)
      await new Promise((resolve) => setImmediate(resolve))
      assert.ok((await tookMs(() => backend.close())) < PROMPT_MS)
      abort.abort()
      await waiting
      await refusalAtOnce(() => backend.store.waitForFeed({ after, timeoutMs: 1 }), 'CLOSED')
    },
  },
]
