import { type AttributeValue, type DynamoDB, paginateScan } from '@aws-sdk/client-dynamodb'
import { randomUUID } from 'node:crypto'
import type { Candidate } from '../harness/compare.ts'
import { localSession } from '../harness/session.ts'
import { appendSession } from '../workload/append-session.ts'
import { ORDER_PLACED, orderData, orderMetadata } from '../workload/order-event.ts'
import type { OwnedStream, StoredStream } from '../workload/owned-streams.ts'
import { openBareTable } from './bare-table.ts'

/** One way to append with the vendor's client alone. It writes no feed. */
export type RawAppend = (
  client: DynamoDB,
  table: string,
  stream: OwnedStream,
  firstNumber: number,
  count: number,
) => Promise<void>

export function rawCandidate(
  name: string,
  serverUrl: string,
  eventsPerAppend: number,
  append: RawAppend,
): Candidate {
  return {
    name,
    async open(concurrency) {
      const { client, table, close } = await openBareTable(serverUrl, { partitionKey: 'pk', sortKey: 'sk' })
      const appender = {
        append: (stream: OwnedStream, firstNumber: number, count: number) =>
          append(client, table, stream, firstNumber, count),
        stored: () => rawStreams(client, table),
        close,
      }
      return localSession(appendSession(appender, concurrency, eventsPerAppend))
    },
  }
}

/** An item an event, which no other may take the place of. */
export const conditionalPut: RawAppend = async (client, table, { id, version }, firstNumber) => {
  await client.putItem({
    TableName: table,
    Item: eventItem(id, version + 1, firstNumber),
    ConditionExpression: 'attribute_not_exists(pk)',
  })
}

/** As {@link conditionalPut}, all in one transaction: at most 100. */
export const transactedPuts: RawAppend = async (client, table, { id, version }, firstNumber, count) => {
  await client.transactWriteItems({
    TransactItems: Array.from({ length: count }, (_, index) => ({
      Put: {
        TableName: table,
        Item: eventItem(id, version + 1 + index, firstNumber + index),
        ConditionExpression: 'attribute_not_exists(pk)',
      },
    })),
  })
}

/** An event as its own item, bodies as JSON text. */
export function eventItem(stream: string, version: number, number: number): Record<string, AttributeValue> {
  return {
    pk: { S: stream },
    sk: { N: String(version) },
    id: { S: randomUUID() },
    type: { S: ORDER_PLACED },
    data: { S: JSON.stringify(orderData(number)) },
    metadata: { S: JSON.stringify(orderMetadata(number)) },
  }
}

async function rawStreams(client: DynamoDB, table: string): Promise<readonly StoredStream[]> {
  const found = new Map<string, { events: number; lastVersion: number }>()
  const pages = paginateScan(
    { client },
    { TableName: table, ConsistentRead: true, ProjectionExpression: 'pk, sk' },
  )
  for await (const { Items = [] } of pages) {
    for (const { pk, sk } of Items) {
      const stream = found.get(pk?.S ?? '') ?? { events: 0, lastVersion: 0 }
      stream.events++
      stream.lastVersion = Math.max(stream.lastVersion, Number(sk?.N))
      found.set(pk?.S ?? '', stream)
    }
  }
  return Array.from(found, ([id, stream]) => ({ id, ...stream }))
}
