import { Pool } from 'pg'
import type { ContenderPlace } from './contender.ts'
import { loadContender } from './contenders.ts'

/** What the process of a consumer is told. */
export interface ConsumerProcessPlan {
  readonly place: ContenderPlace
  readonly url: string
  readonly group: string
  /** So many events it handles; on the next one it hangs until it is killed. `undefined`: it handles all. */
  readonly hangAfter: number | undefined
}

async function consume({ place, url, group, hangAfter }: ConsumerProcessPlan): Promise<void> {
  const notes = new Pool({ connectionString: url, max: 4 })
  const contender = await loadContender(place)
  const store = await contender.open(url)
  let handled = 0
  await store.consume?.(group, async ({ streamId, number }) => {
    if (handled++ >= (hangAfter ?? Infinity)) await new Promise(() => undefined)
    await notes.query('insert into public.handled (stream, number) values ($1, $2)', [streamId, number])
  })
}

process.once('message', (plan: ConsumerProcessPlan) => {
  void consume(plan).catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`)
    process.exit(1)
  })
})
// Without its parent nobody wants to know.
process.on('disconnect', () => process.exit())
