import { randomUUID } from 'node:crypto'
import type { DocumentStore, EventStore } from '@eventspine/core'
import { memory } from '@eventspine/memory'
import { withPayloads } from '@eventspine/payloads'
import type { Candidate } from '../harness/compare.ts'
import { localSession } from '../harness/session.ts'
import type { Scenario } from '../target.ts'
import { type Appender, appendSession } from '../workload/append-session.ts'
import { readSession } from '../workload/read-session.ts'
import { readPages, touchData } from '../workload/reads.ts'
import { storeAppender } from '../workload/store-appender.ts'
import { openPair, type Pair, type PairUrls } from './pair.ts'
import { largeData, largeEvent } from './photo-event.ts'

const PAYLOADS = 'bench-payloads'
const REFERENCES = 1000

/** See its question. */
export function largeAppends(urls: PairUrls): Scenario {
  return {
    name: 'append-4k',
    question: 'How fast are appends of 4 KB payloads, beside a put and an append made by hand?',
    async run(context) {
      for (const concurrency of [1, 16, 64]) {
        await context.compare({
          title: `append 4 KB, ${concurrency} in flight`,
          concurrency,
          base: 'put, then append, by hand',
          candidates: [
            appending('Eventspine, payloads apart', urls, ({ whole }) => whole.store),
            appending('put, then append, by hand', urls, ({ bare, payloads }) =>
              byHand(bare.store, payloads.documents),
            ),
            appending('Eventspine, payload in the store', urls, ({ bare }) => bare.store),
          ],
        })
      }
    },
  }
}

/** See its question. */
export function inlineAppends(): Scenario {
  return {
    name: 'inline',
    question: 'What does an event cost whose data is small enough to stay where it is?',
    async run(context) {
      await context.compare({
        title: 'append 1 small event in memory, 64 in flight',
        concurrency: 64,
        base: 'memory',
        candidates: [
          {
            name: 'memory',
            async open(concurrency) {
              const { store, close } = small()
              return localSession(appendSession(storeAppender(store, close), concurrency, 1))
            },
          },
          {
            name: 'memory, payloads apart above 4,096 bytes',
            async open(concurrency) {
              const { backend, close } = small()
              const { store } = withPayloads(backend, { documents: memory().documents })
              return localSession(appendSession(storeAppender(store, close), concurrency, 1))
            },
          },
        ],
      })
    },
  }
}

/** See its question. */
export function referenceReads(urls: PairUrls): Scenario {
  return {
    name: 'read-references',
    question: 'How fast is a page of 1,000 references read, beside a look-up each?',
    async run(context) {
      const pair = await openPair(urls, 0)
      const hand = byHand(pair.bare.store, pair.payloads.documents)
      for (let first = 0; first < REFERENCES; first += 100) {
        const events = Array.from({ length: 100 }, (_, index) => largeEvent(first + index))
        await pair.whole.store.append('cart:apart', events)
        await hand.append('cart:hand', events)
      }
      await context.compare({
        title: `read ${REFERENCES} events of 4 KB`,
        concurrency: 1,
        base: 'a look-up each',
        candidates: [
          {
            name: 'Eventspine, payloads apart',
            open: async () =>
              localSession(
                readSession(REFERENCES, () =>
                  readPages(pair.whole.store.read('cart:apart').pages(), touchData),
                ),
              ),
          },
          {
            name: 'a look-up each',
            open: async () => localSession(readSession(REFERENCES, () => readByHand(pair))),
          },
        ],
      })
      await pair.close()
    },
  }
}

function appending(
  name: string,
  urls: PairUrls,
  storeOf: (pair: Pair) => Pick<EventStore, 'append'>,
): Candidate {
  return {
    name,
    async open(concurrency) {
      const pair = await openPair(urls, 0)
      const store = storeOf(pair)
      const appender: Appender = {
        async append({ id, version }, firstNumber) {
          await store.append(id, [largeEvent(firstNumber)], { expectedVersion: version })
        },
        stored: () => storeAppender(pair.bare.store, () => pair.close()).stored(),
        close: () => pair.close(),
      }
      return localSession(appendSession(appender, concurrency, 1))
    },
  }
}

/** What one writes without the package: the payloads first, then events that name them. */
function byHand(store: EventStore, documents: DocumentStore): Pick<EventStore, 'append'> {
  const collection = documents.collection(PAYLOADS)
  return {
    async append(streamId, events, options) {
      const named = events.map((event) => ({ event, key: randomUUID() }))
      await Promise.all(named.map(({ event, key }) => collection.put(key, event.data)))
      const references = named.map(({ event, key }) => ({ ...event, data: { payload: key } }))
      return await store.append(streamId, references, options)
    },
  }
}

async function readByHand({ bare, payloads }: Pair) {
  const collection = payloads.documents.collection<ReturnType<typeof largeData>>(PAYLOADS)
  let events = 0
  let sum = 0
  for await (const page of bare.store.read('cart:hand').pages()) {
    for (const { data } of page) {
      // As `byHand` has written it.
      const found = await collection.get((data as { payload: string }).payload)
      sum += found?.value.totalCents ?? 0
      events++
    }
  }
  return { events, sum }
}

function small() {
  const backend = memory()
  return { backend, store: backend.store, close: () => backend.close() }
}
