import { type DynamoDB, paginateScan } from '@aws-sdk/client-dynamodb'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Candidate } from '../harness/compare.ts'
import { localSession } from '../harness/session.ts'
import { installPeer } from '../peers/install-peer.ts'
import { appendSession } from '../workload/append-session.ts'
import { ORDER_PLACED, type OrderData, orderData, orderMetadata } from '../workload/order-event.ts'
import type { StoredStream } from '../workload/owned-streams.ts'
import { readSession } from '../workload/read-session.ts'
import { openBareTable } from './bare-table.ts'

const CASTORE = 'Castore 2.4.2'

const EVENT_STORE = { eventStoreId: 'bench' }

/** Castore's adapter for DynamoDB, used through its public functions. It keeps no feed. */
export interface Castore {
  appending(serverUrl: string): Candidate
  readingStream(serverUrl: string, events: number): Candidate
}

interface CastoreAdapter {
  pushEvent(event: object, context: object): Promise<unknown>
  getEvents(
    aggregateId: string,
    context: object,
  ): Promise<{ readonly events: readonly { readonly payload: OrderData }[] }>
}

interface CastoreModule {
  readonly DynamoDBSingleTableEventStorageAdapter: new (options: {
    readonly tableName: string
    readonly dynamoDBClient: unknown
  }) => CastoreAdapter
}

/** Installs it at the first call. `undefined`, told to `note` with the reason, where that fails. */
export async function openCastore(note: (text: string) => void): Promise<Castore | undefined> {
  const peer = await installPeer('castore-dynamodb')
  if (!peer.installed) {
    note(`${CASTORE} is left out: it could not be installed (${peer.reason})`)
    return undefined
  }
  const { resolve } = createRequire(join(peer.folder, 'package.json'))
  // A module that lacks what its type says makes its first use fail, which is the check there can be.
  const module = (await import(
    pathToFileURL(resolve('@castore/event-storage-adapter-dynamodb')).href
  )) as CastoreModule
  const open = async (serverUrl: string) => {
    const { client, table, close } = await openBareTable(serverUrl, {
      partitionKey: 'aggregateId',
      sortKey: 'version',
    })
    const adapter = new module.DynamoDBSingleTableEventStorageAdapter({
      tableName: table,
      dynamoDBClient: client,
    })
    return { adapter, client, table, close }
  }
  return {
    appending: (serverUrl) => ({
      name: CASTORE,
      async open(concurrency) {
        const { adapter, client, table, close } = await open(serverUrl)
        const appender = {
          append: ({ id, version }: { id: string; version: number }, firstNumber: number) =>
            push(adapter, id, version + 1, firstNumber),
          stored: () => castoreStreams(client, table),
          close,
        }
        return localSession(appendSession(appender, concurrency, 1))
      },
    }),
    readingStream: (serverUrl, events) => ({
      name: `${CASTORE}, every data read`,
      async open() {
        const { adapter, close } = await open(serverUrl)
        for (let number = 0; number < events; number++) await push(adapter, 'cart:read', number + 1, number)
        const read = async () => {
          const found = await adapter.getEvents('cart:read', EVENT_STORE)
          let sum = 0
          for (const { payload } of found.events) sum += payload.totalCents
          return { events: found.events.length, sum }
        }
        return localSession(readSession(events, read, close))
      },
    }),
  }
}

async function push(
  adapter: CastoreAdapter,
  aggregateId: string,
  version: number,
  number: number,
): Promise<void> {
  const event = {
    aggregateId,
    version,
    type: ORDER_PLACED,
    payload: orderData(number),
    metadata: orderMetadata(number),
  }
  await adapter.pushEvent(event, EVENT_STORE)
}

async function castoreStreams(client: DynamoDB, table: string): Promise<readonly StoredStream[]> {
  const found = new Map<string, { events: number; lastVersion: number }>()
  for await (const { Items = [] } of paginateScan({ client }, { TableName: table, ConsistentRead: true })) {
    for (const { aggregateId, version } of Items) {
      const id = (aggregateId?.S ?? '').slice(`${EVENT_STORE.eventStoreId}#`.length)
      const stream = found.get(id) ?? { events: 0, lastVersion: 0 }
      stream.events++
      stream.lastVersion = Math.max(stream.lastVersion, Number(version?.N))
      found.set(id, stream)
    }
  }
  return Array.from(found, ([id, stream]) => ({ id, ...stream }))
}
