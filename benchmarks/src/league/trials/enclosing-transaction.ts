import { waitUntil } from '@eventspine/servers'
import { Pool } from 'pg'
import { answerTo, fail, notOffered, pass, PATIENCE_MS, type Trial, withStore } from '../trial.ts'

const STREAM = 'cart:in-a-transaction'

/** A transaction that began early and appends late: its events come after those that were there when it appended. */
export const enclosingTransaction: Trial = {
  id: 'enclosing-transaction',
  question: 'Are events of a stream in order when one was appended inside a longer transaction?',
  run: (context) =>
    withStore(context, async (store) => {
      if (store.appendWithin === undefined) return notOffered('it appends in transactions of its own alone')
      if (store.consume === undefined) return notOffered('it has no feed')
      const seen: number[] = []
      const consumer = await store.consume('follower', async ({ number }) => void seen.push(number))
      const pool = new Pool({ connectionString: context.url, max: 1 })
      try {
        await pool.query('create table public.own (id int)')
        const client = await pool.connect()
        await client.query('begin')
        await client.query('insert into public.own values (1)')
        await store.append(STREAM, 0, [1])
        const answer = await answerTo(store.appendWithin(client, STREAM, 1, [2]))
        const { rows } = await client.query<{ open: boolean }>(
          'select pg_current_xact_id_if_assigned() is not null as open',
        )
        await client.query('commit')
        client.release()
        if (answer !== 'appended') return fail(`the append within the transaction gave ${answer}`)
        await waitUntil(() => (seen.length >= 2 ? true : undefined), { deadlineMs: PATIENCE_MS })
        const ended = rows[0]?.open === true ? '' : '; the append had ended the transaction by itself'
        const order = `the consumer saw ${seen.join(', ')}${ended}`
        return seen.join() === '1,2' ? pass(order) : fail(order)
      } finally {
        await pool.end()
        await consumer.close()
      }
    }),
}
