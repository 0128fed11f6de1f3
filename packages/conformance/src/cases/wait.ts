import { alongside } from '../alongside.ts'
import type { Case } from '../kit.ts'
import { refusalAtOnce } from '../refusal.ts'
import { sampleEvent } from '../sample-events.ts'
import { turn } from '../turn.ts'

/** Far above what a wake-up takes, far below the wait that it must cut short. */
const PROMPT_MS = 8_000
const LONG_MS = 45_000

/** Fails as soon as `work` has taken longer than {@link PROMPT_MS}. */
async function promptly(what: string, work: () => Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took more than ${PROMPT_MS} ms`)), PROMPT_MS)
  })
  try {
    await Promise.race([work(), late])
  } finally {
    clearTimeout(timer)
  }
}

export const waitCases: readonly Case[] = [
  {
    id: 'wait/already-there',
    laws: ['F6'],
    title: 'returns at once when something stands behind the position',
    async run({ open }) {
      const { store } = (await open()).backend
      const after = await store.feedHead()
      await store.append('counter:1', [sampleEvent(1)])
      await promptly('waiting for what is there', () => store.waitForFeed({ after, timeoutMs: LONG_MS }))
    },
  },
  {
    id: 'wait/woken',
    laws: ['F6', 'F7'],
    title: 'is woken by a commit of this client and of another where push is declared',
    needs: ({ feedWake }) => feedWake === 'push',
    refuses: async ({ open }) => {
      // Without a push the wait may only be shorter than asked for, never longer.
      const { store } = (await open()).backend
      const after = await store.feedHead()
      await promptly('waiting for 100 ms', () => store.waitForFeed({ after, timeoutMs: 100 }))
    },
    async run({ open }) {
      const test = await open({ partitions: 2 })
      const { store } = test.backend
      const other = (await test.sibling()).store
      for (const writer of [store, other]) {
        for (const partition of [0, 1]) {
          const after = await store.feedHead(partition)
          const wait = () =>
            promptly('being woken', async () => {
              // A hint, never a promise: it may come for nothing, so the reader waits until there is something.
              while ((await store.feed({ after }).toArray()).length === 0) {
                await store.waitForFeed({ after, timeoutMs: LONG_MS })
              }
            })
          await alongside(wait, async () => {
            await turn()
            for (let number = 0; number < 8; number++) {
              await writer.append(`counter:${number}`, [sampleEvent(number)])
            }
          })
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
        await promptly(`waiting for ${timeoutMs} ms`, () => store.waitForFeed({ after, timeoutMs }))
      }
      const abort = new AbortController()
      const { signal } = abort
      const waiting = promptly('an aborted wait', () =>
        store.waitForFeed({ after, timeoutMs: LONG_MS, signal }),
      )
      await turn()
      abort.abort()
      await waiting
      await promptly('a wait aborted before', () => store.waitForFeed({ after, timeoutMs: LONG_MS, signal }))
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
      await turn()
      await promptly('closing', () => backend.close())
      abort.abort()
      await waiting
      await refusalAtOnce(() => backend.store.waitForFeed({ after, timeoutMs: 1 }), 'CLOSED')
    },
  },
]
