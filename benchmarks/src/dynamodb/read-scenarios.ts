import { type DynamoDB, paginateQuery } from '@aws-sdk/client-dynamodb'
import type { Candidate } from '../harness/compare.ts'
import { localSession } from '../harness/session.ts'
import type { Scenario } from '../target.ts'
import { fillMingled, fillStream } from '../workload/fill.ts'
import type { OrderData } from '../workload/order-event.ts'
import { type Pass, readSession } from '../workload/read-session.ts'
import { readPages, type Touch, touchData, touchType } from '../workload/reads.ts'
import { openBareTable } from './bare-table.ts'
import { openCastore } from './castore.ts'
import { openOwnStore } from './own-store.ts'
import { eventItem } from './raw-appenders.ts'

const STREAM_EVENTS = 1000
const FEED_STREAMS = 200
const FEED_EVENTS_EACH = 50
const FEED_EVENTS = FEED_STREAMS * FEED_EVENTS_EACH
const ITEMS_PER_CALL = 25

/** See its question. */
export function streamReads(serverUrl: string): Scenario {
  return {
    name: 'read-stream',
    question: 'How fast is a stream of 1,000 events read?',
    async run(context) {
      const castore = await openCastore((text) => context.note(text))
      const { backend, close } = await openOwnStore(serverUrl)
      const bare = await openBareTable(serverUrl, { partitionKey: 'pk', sortKey: 'sk' })
      await fillBare(bare.client, bare.table)
      for (const [id, events] of [
        ['cart:ones', 1],
        ['cart:tens', 10],
        ['cart:fifties', 50],
      ] as const)
        await fillStream(backend, id, { events: STREAM_EVENTS, eventsPerCommit: events })
      const ours = (name: string, id: string, touch: Touch) =>
        reading(name, STREAM_EVENTS, () => readPages(backend.store.read(id).pages(), touch))
      await context.compare({
        title: `read a stream of ${STREAM_EVENTS} events`,
        concurrency: 1,
        base: 'Query, an item an event',
        candidates: [
          reading('Query, an item an event', STREAM_EVENTS, () => readBare(bare.client, bare.table)),
          ours('Eventspine, commits of 1, type looked at', 'cart:ones', touchType),
          ours('Eventspine, commits of 1, every data read', 'cart:ones', touchData),
          ours('Eventspine, commits of 10, every data read', 'cart:tens', touchData),
          ours('Eventspine, commits of 50, every data read', 'cart:fifties', touchData),
          ...(castore === undefined ? [] : [castore.readingStream(serverUrl, STREAM_EVENTS)]),
        ],
      })
      await bare.close()
      await close()
    },
  }
}

/** See its question. */
export function feedReads(serverUrl: string): Scenario {
  return {
    name: 'read-feed',
    question: 'How fast is a whole feed read in pages of 1,000?',
    async run(context) {
      const { backend, close } = await openOwnStore(serverUrl)
      await fillMingled(backend, { streams: FEED_STREAMS, eventsEach: FEED_EVENTS_EACH })
      const ours = (name: string, touch: Touch) =>
        reading(name, FEED_EVENTS, () => readPages(backend.store.feed().pages(), touch))
      await context.compare({
        title: `read a feed of ${FEED_EVENTS} events, appended 64 at once`,
        concurrency: 1,
        base: 'Eventspine, type looked at',
        candidates: [
          ours('Eventspine, type looked at', touchType),
          ours('Eventspine, every data read', touchData),
        ],
      })
      await close()
    },
  }
}

function reading(name: string, events: number, read: () => Promise<Pass>): Candidate {
  return { name, open: async () => localSession(readSession(events, read)) }
}

async function fillBare(client: DynamoDB, table: string): Promise<void> {
  for (let first = 0; first < STREAM_EVENTS; first += ITEMS_PER_CALL) {
    const puts = Array.from({ length: ITEMS_PER_CALL }, (_, index) => ({
      PutRequest: { Item: eventItem('cart:read', first + index + 1, first + index) },
    }))
    const { UnprocessedItems = {} } = await client.batchWriteItem({ RequestItems: { [table]: puts } })
    if (Object.keys(UnprocessedItems).length > 0) throw new Error('the table was not filled')
  }
}

async function readBare(client: DynamoDB, table: string): Promise<Pass> {
  let events = 0
  let sum = 0
  const query = {
    TableName: table,
    ConsistentRead: true,
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': { S: 'cart:read' } },
  }
  for await (const { Items = [] } of paginateQuery({ client }, query)) {
    for (const { data } of Items) {
      // What this scenario itself has written.
      sum += (JSON.parse(data?.S ?? '') as OrderData).totalCents
      events++
    }
  }
  return { events, sum }
}
