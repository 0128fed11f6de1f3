import { memory, MemoryDatabase } from '@eventspine/memory'
import type { RecordedEvent, StoredEvent } from '@eventspine/core'
import type { Candidate } from '../harness/compare.ts'
import { localSession } from '../harness/session.ts'
import type { Scenario } from '../target.ts'
import { type OrderData, orderEvent } from '../workload/order-event.ts'
import { type Pass, readSession } from '../workload/read-session.ts'
import { readPages, type Touch, touchAll, touchData, touchType } from '../workload/reads.ts'
import { bareAdapter } from './internals.ts'

const EVENTS = 1000
const STREAM = 'cart:read'

/** See its question. */
export const readScenario: Scenario = {
  name: 'read',
  question: 'What does a lazy event cost over the stored row, by what is read of it?',
  async run(context) {
    const database = new MemoryDatabase()
    const { store } = memory({ database })
    await store.append(
      STREAM,
      Array.from({ length: EVENTS }, (_, number) => orderEvent(number)),
    )
    const adapter = bareAdapter(database)
    const rows = async (touch: (row: StoredEvent) => number): Promise<Pass> => {
      const range = { streamId: STREAM, partition: 0, from: 1, to: EVENTS, limit: EVENTS } as const
      const { events } = await adapter.doRead({ ...range, direction: 'forward' })
      return { events: events.length, sum: events.reduce((sum, row) => sum + touch(row), 0) }
    }
    const pages = (touch: Touch): Promise<Pass> => readPages(store.read(STREAM).pages(), touch)
    await context.compare({
      title: `read a stream of ${EVENTS} events`,
      concurrency: 1,
      base: 'rows, every data parsed',
      candidates: [
        reading('rows, untouched', () => rows((row) => row.version)),
        reading('rows, every data parsed', () =>
          rows((row) => (JSON.parse(row.data) as OrderData).totalCents),
        ),
        reading('pages(), type looked at', () => pages(touchType)),
        reading('pages(), every data read', () => pages(touchData)),
        reading('pages(), data and metadata read', () => pages(touchAll)),
        reading('pages(), toJSON of every event', () => pages((event) => event.toJSON().position.length)),
        reading('an await an event, type looked at', () => readOneByOne(store.read(STREAM), touchType)),
      ],
    })
  },
}

function reading(name: string, read: () => Promise<Pass>): Candidate {
  return { name, open: async () => localSession(readSession(EVENTS, read)) }
}

async function readOneByOne(events: AsyncIterable<RecordedEvent>, touch: Touch): Promise<Pass> {
  let count = 0
  let sum = 0
  for await (const event of events) {
    count++
    sum += touch(event)
  }
  return { events: count, sum }
}
