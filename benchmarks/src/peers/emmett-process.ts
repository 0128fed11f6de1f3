import type { Session } from '../harness/compare.ts'
import { localSession } from '../harness/session.ts'
import { serveSession } from '../process/serve-session.ts'
import { appendSession } from '../workload/append-session.ts'
import { ORDER_PLACED, type OrderData, orderData, orderMetadata } from '../workload/order-event.ts'
import { type Pass, readSession } from '../workload/read-session.ts'
import type { StoredStream } from '../workload/owned-streams.ts'
import { peerModules } from './install-peer.ts'

/*
 * A process of its own for Emmett: it changes the parsers of `pg` for everybody in its process. Only its public
 * functions are used, with a pool of the same size as the others'.
 */

/** What is asked of Emmett, in an empty database or in one that `fill` has filled. */
export interface EmmettPlan {
  /** Where it is installed. */
  readonly folder: string
  readonly url: string
  readonly poolSize: number
  readonly work:
    | { readonly kind: 'append'; readonly concurrency: number; readonly eventsPerAppend: number }
    | { readonly kind: 'fill'; readonly streams: readonly { readonly id: string; readonly events: number }[] }
    | { readonly kind: 'read-stream'; readonly streamId: string; readonly events: number }
    | { readonly kind: 'read-feed'; readonly pageSize: number; readonly events: number }
}

interface Message {
  readonly data: OrderData
}

interface EmmettStore {
  readonly schema: { migrate(): Promise<unknown> }
  appendToStream(
    stream: string,
    events: readonly unknown[],
    options: { readonly expectedStreamVersion: bigint },
  ): Promise<unknown>
  readStream(stream: string): Promise<{ readonly events: readonly Message[] }>
  close(): Promise<void>
}

interface EmmettModule {
  getPostgreSQLEventStore(url: string, options: { connectionOptions: { pool: PgPool } }): EmmettStore
  readMessagesBatch(
    execute: unknown,
    options: { after: bigint; batchSize: number },
  ): Promise<{
    readonly currentGlobalPosition: bigint
    readonly messages: readonly Message[]
    readonly areMessagesLeft: boolean
  }>
}

interface DumboModule {
  readonly dumbo: (options: { connectionString: string; pool: PgPool }) => { readonly execute: unknown }
}

interface PgPool {
  query(text: string): Promise<{ readonly rows: readonly Record<string, string>[] }>
  connect(): Promise<{ release(): void }>
  end(): Promise<void>
}

interface PgModule {
  readonly default: { readonly Pool: new (options: object) => PgPool }
}

serveSession(async ({ folder, url, poolSize, work }: EmmettPlan) => {
  const load = await peerModules(folder)
  const emmett = await load<EmmettModule>('@event-driven-io/emmett-postgresql')
  const { Pool } = (await load<PgModule>('pg')).default
  const pool = new Pool({ connectionString: url, max: poolSize, idleTimeoutMillis: 0 })
  const store = emmett.getPostgreSQLEventStore(url, { connectionOptions: { pool } })
  await store.schema.migrate()
  const clients = await Promise.all(Array.from({ length: poolSize }, () => pool.connect()))
  for (const client of clients) client.release()
  const close = async (): Promise<void> => {
    await store.close()
    await pool.end()
  }
  switch (work.kind) {
    case 'append':
      return appending(store, pool, close, work)
    case 'fill':
      return filling(store, close, work.streams)
    case 'read-stream':
      return localSession(
        readSession(
          work.events,
          async () => passOver((await store.readStream(nameOf(work.streamId))).events),
          close,
        ),
      )
    case 'read-feed': {
      const { dumbo } = await load<DumboModule>('@event-driven-io/dumbo')
      const client = dumbo({ connectionString: url, pool })
      return localSession(
        readSession(work.events, () => readFeed(emmett, client.execute, work.pageSize), close),
      )
    }
  }
})

function appending(
  store: EmmettStore,
  pool: PgPool,
  close: () => Promise<void>,
  { concurrency, eventsPerAppend }: { readonly concurrency: number; readonly eventsPerAppend: number },
): Session {
  const appender = {
    async append({ id, version }: { id: string; version: number }, firstNumber: number, count: number) {
      const events = Array.from({ length: count }, (_, index) => emmettEvent(firstNumber + index))
      await store.appendToStream(nameOf(id), events, { expectedStreamVersion: BigInt(version) })
    },
    async stored(): Promise<readonly StoredStream[]> {
      const { rows } = await pool.query(
        'select stream_id as id, count(*)::text as events, max(stream_position)::text as last from emt_messages group by stream_id',
      )
      return rows.map(({ id = '', events, last }) => ({
        id: id.replace('-', ':'),
        events: Number(events),
        lastVersion: Number(last),
      }))
    },
    close,
  }
  return localSession(appendSession(appender, concurrency, eventsPerAppend))
}

/** Writes what is read later; to be measured once, with one operation. */
function filling(
  store: EmmettStore,
  close: () => Promise<void>,
  streams: readonly { readonly id: string; readonly events: number }[],
): Session {
  return localSession({
    async operate() {
      let events = 0
      for (const stream of streams) {
        for (let version = 0; version < stream.events; version += 1000) {
          const count = Math.min(1000, stream.events - version)
          const batch = Array.from({ length: count }, (_, index) => emmettEvent(version + index))
          await store.appendToStream(nameOf(stream.id), batch, { expectedStreamVersion: BigInt(version) })
          events += count
        }
      }
      return events
    },
    close,
  })
}

async function readFeed(emmett: EmmettModule, execute: unknown, pageSize: number): Promise<Pass> {
  let after = 0n
  let events = 0
  let sum = 0
  for (;;) {
    const page = await emmett.readMessagesBatch(execute, { after, batchSize: pageSize })
    const pass = passOver(page.messages)
    events += pass.events
    sum += pass.sum
    after = page.currentGlobalPosition
    if (!page.areMessagesLeft || page.messages.length === 0) return { events, sum }
  }
}

function passOver(messages: readonly Message[]): Pass {
  let sum = 0
  for (const { data } of messages) sum += data.totalCents
  return { events: messages.length, sum }
}

function emmettEvent(number: number): unknown {
  return { type: ORDER_PLACED, data: orderData(number), metadata: orderMetadata(number) }
}

/** It takes what stands before the first hyphen for the type of the stream. */
function nameOf(streamId: string): string {
  return streamId.replace(':', '-')
}
