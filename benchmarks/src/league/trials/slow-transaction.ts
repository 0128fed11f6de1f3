import { waitUntil } from '@eventspine/servers'
import { Client } from 'pg'
import { holdCommits } from '../commit-hold.ts'
import type { ContenderStore } from '../contender.ts'
import { answerTo, fail, notOffered, pass, PATIENCE_MS, type Trial, withStore } from '../trial.ts'

const FIRST = 1
const SLOW = 2
const FAST = 3
const LATER = 4
const SLOW_STREAM = 'cart:slow-to-commit'
/** What is found of its name however a library writes it. */
const SLOW_WORD = 'slow-to-commit'
/** For a reader to run ahead of the slow commit, if it is one that does. */
const HEAD_START_MS = 3000
/** Longer than any reader here sleeps. */
const STALL_MS = 10_000

/** What got its place first and commits last must not be skipped by who reads in between. */
export const slowTransaction: Trial = {
  id: 'slow-transaction',
  question: 'Does a consumer see an event whose transaction committed after a later one?',
  run: (context) =>
    withStore(context, async (store) => {
      if (store.consume === undefined) return notOffered('it has no feed')
      const seen = new Set<number>()
      const consumer = await store.consume('follower', async ({ number }) => void seen.add(number))
      const hold = await holdCommits(context.url, store.eventTables, SLOW_WORD)
      try {
        await store.append('cart:first', 0, [FIRST])
        if ((await sees(seen, FIRST, PATIENCE_MS)) === undefined)
          return fail('the consumer sees nothing at all')
        const overtaken = await appendBesideSlow(store, hold, seen)
        if (overtaken.failed !== undefined) return fail(overtaken.failed)
        await waitUntil(() => seen.has(SLOW) && seen.has(FAST), { deadlineMs: PATIENCE_MS })
        const lost = [SLOW, FAST].filter((number) => !seen.has(number))
        if (lost.length > 0) return fail(`${overtaken.how}; the consumer never saw ${told(lost)}`)
        const stall = await stalledByOther(context.url, store, seen)
        return pass(`${overtaken.how}; both were seen; ${stall}`)
      } finally {
        await hold.close()
        await consumer.close()
      }
    }),
}

type Overtaking =
  | { readonly how: string; readonly failed?: undefined }
  | { readonly how?: undefined; readonly failed: string }

async function appendBesideSlow(
  store: ContenderStore,
  hold: Awaited<ReturnType<typeof holdCommits>>,
  seen: ReadonlySet<number>,
): Promise<Overtaking> {
  const slow = answerTo(store.append(SLOW_STREAM, 0, [SLOW]))
  const held = await waitUntil(async () => (await hold.waiting()) >= 1, { deadlineMs: PATIENCE_MS })
  if (held === undefined) return { failed: `the slow append does not wait: ${await slow}` }
  let acknowledged = false
  const fast = answerTo(store.append('cart:fast', 0, [FAST])).then((answer) => {
    acknowledged = true
    return answer
  })
  await waitUntil(async () => acknowledged || (await hold.waiting()) >= 2, { deadlineMs: PATIENCE_MS })
  const overtook = acknowledged
  if (overtook) await sees(seen, FAST, HEAD_START_MS)
  await hold.release()
  const answers = await Promise.all([slow, fast])
  if (answers.some((answer) => answer !== 'appended'))
    return { failed: `the appends gave ${answers.join(' and ')}` }
  return { how: overtook ? 'a later append committed first' : 'a later append waited for the slow one' }
}

/** Somebody else's transaction, which has written something and stays open. */
async function stalledByOther(
  url: string,
  store: ContenderStore,
  seen: ReadonlySet<number>,
): Promise<string> {
  const other = new Client({ connectionString: url })
  await other.connect()
  try {
    await other.query('begin')
    await other.query('select pg_current_xact_id()')
    await store.append('cart:later', 0, [LATER])
    const through = await sees(seen, LATER, STALL_MS)
    return through === undefined
      ? `an open transaction of somebody else holds the feed up for as long as it lasts`
      : `an open transaction of somebody else holds nothing up`
  } finally {
    await other.end()
  }
}

function sees(seen: ReadonlySet<number>, number: number, deadlineMs: number): Promise<true | undefined> {
  return waitUntil(() => (seen.has(number) ? true : undefined), { deadlineMs })
}

function told(numbers: readonly number[]): string {
  return numbers.map((number) => (number === SLOW ? 'the slow one' : 'the later one')).join(' and ')
}
