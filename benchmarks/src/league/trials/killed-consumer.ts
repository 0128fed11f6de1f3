import { waitUntil } from '@eventspine/servers'
import { Pool } from 'pg'
import type { ConsumerProcessPlan } from '../consumer-process.ts'
import { startChild } from '../child.ts'
import type { HandledNumber } from '../contender.ts'
import { fail, notOffered, pass, PATIENCE_MS, type Trial, type TrialContext, withStore } from '../trial.ts'

const STREAMS = 10
const EVENTS_EACH = 20
const EVENTS = STREAMS * EVENTS_EACH
/** In the middle of what any reader here fetches at once. */
const KILL_AFTER = 37

/** What a dead consumer had not finished is handled by its successor. */
export const killedConsumer: Trial = {
  id: 'killed-consumer',
  question: 'After a consumer was killed in the middle of a batch, is every event handled, in order?',
  run: (context) =>
    withStore(context, async (store) => {
      if (store.consume === undefined) return notOffered('it has no consumers of what is stored')
      for (let version = 0; version < EVENTS_EACH; version++) {
        for (let stream = 0; stream < STREAMS; stream++)
          await store.append(`cart:${stream}`, version, [stream * 1000 + version])
      }
      const pool = new Pool({ connectionString: context.url, max: 1 })
      try {
        await pool.query('create table public.handled (id serial, stream text, number int)')
        const first = startConsumer(context, KILL_AFTER)
        const before = await handledWhen(pool, (handled) => handled.length >= KILL_AFTER)
        first.kill()
        await first.ended
        if (before === undefined) return fail('the first consumer did not get to the middle of a batch')
        const second = startConsumer(context, undefined)
        await handledWhen(pool, (handled) => distinct(handled) >= EVENTS)
        second.kill()
        await second.ended
        return judge(await readHandled(pool))
      } finally {
        await pool.end()
      }
    }),
}

function startConsumer({ place, url }: TrialContext, hangAfter: number | undefined) {
  const plan: ConsumerProcessPlan = { place, url, group: 'killed', hangAfter }
  return startChild(new URL('../consumer-process.ts', import.meta.url), plan)
}

async function handledWhen(
  pool: Pool,
  enough: (handled: readonly HandledNumber[]) => boolean,
): Promise<true | undefined> {
  return waitUntil(async () => enough(await readHandled(pool)), { deadlineMs: PATIENCE_MS })
}

async function readHandled(pool: Pool): Promise<readonly HandledNumber[]> {
  const { rows } = await pool.query<{ stream: string; number: number }>(
    'select stream, number from public.handled order by id',
  )
  return rows.map(({ stream, number }) => ({ streamId: stream, number }))
}

function judge(handled: readonly HandledNumber[]) {
  const missing = EVENTS - distinct(handled)
  if (missing > 0) return fail(`${missing} of ${EVENTS} events were never handled`)
  const last = new Map<string, number>()
  const seen = new Set<number>()
  for (const { streamId, number } of handled) {
    if (seen.has(number)) continue
    if (number < (last.get(streamId) ?? 0)) return fail(`${streamId} was handled out of order`)
    seen.add(number)
    last.set(streamId, number)
  }
  return pass(`all ${EVENTS}, in order; events came again ${handled.length - EVENTS} times`)
}

function distinct(handled: readonly HandledNumber[]): number {
  return new Set(handled.map(({ number }) => number)).size
}
