import { randomUUID } from 'node:crypto'
import type { Candidate } from '../harness/compare.ts'
import { localSession } from '../harness/session.ts'
import { ORDER_PLACED, orderData, orderMetadata } from '../workload/order-event.ts'
import { appendSession } from '../workload/append-session.ts'
import type { OwnedStream, StoredStream } from '../workload/owned-streams.ts'
import { openBareCollection } from './bare-collection.ts'

/** Inserts with the vendor's client alone, a document an event: no feed, and no event within a commit of several. */
export function bareInserts(name: string, serverUrl: string, eventsPerAppend: number): Candidate {
  return {
    name,
    async open(concurrency) {
      const { collection, prefix, close } = await openBareCollection(serverUrl)
      const written = new Map<string, number>()
      const appender = {
        async append({ id, version }: OwnedStream, firstNumber: number, count: number) {
          await Promise.all(
            Array.from({ length: count }, (_, index) =>
              collection.insert(keyOf(prefix, id, version + 1 + index), eventDocument(firstNumber + index)),
            ),
          )
          written.set(id, version + count)
        },
        // What was acknowledged is looked for by its key: nothing else tells what there is.
        stored: () =>
          Promise.all(
            Array.from(written, async ([id, events]): Promise<StoredStream> => {
              await collection.get(keyOf(prefix, id, events))
              return { id, events, lastVersion: events }
            }),
          ),
        close,
      }
      return localSession(appendSession(appender, concurrency, eventsPerAppend))
    },
  }
}

export function keyOf(prefix: string, stream: string, version: number): string {
  return `${prefix}:${stream}:${version}`
}

export function eventDocument(number: number): object {
  return { id: randomUUID(), type: ORDER_PLACED, data: orderData(number), metadata: orderMetadata(number) }
}
