import { randomUUID } from 'node:crypto'
import { createSchema } from '@eventspine/postgres'
import type { Pool, PoolClient } from 'pg'
import type { Candidate } from '../harness/compare.ts'
import { localSession } from '../harness/session.ts'
import { appendSession } from '../workload/append-session.ts'
import { ORDER_PLACED, orderData, orderMetadata } from '../workload/order-event.ts'
import type { OwnedStream } from '../workload/owned-streams.ts'
import { openSliceDatabase, warmPool } from './own-database.ts'
import { storedStreams } from './stored-events.ts'

/** One way to append with `pg` alone, by prepared statements. */
export type RawAppend = (pool: Pool, stream: OwnedStream, firstNumber: number, count: number) => Promise<void>

/**
 * A candidate that writes the same rows into the same table with the same indexes, and does nothing else for it.
 * Positions come from a sequence: who does not care about order has no use for more.
 */
export function rawCandidate(
  name: string,
  serverUrl: string,
  eventsPerAppend: number,
  append: RawAppend,
): Candidate {
  return {
    name,
    async open(concurrency) {
      const database = await openSliceDatabase(serverUrl)
      const { pool } = database
      await createSchema(pool)
      await pool.query(`
        create sequence eventspine.position;
        alter table eventspine.events alter position set default nextval('eventspine.position')`)
      await warmPool(pool)
      const appender = {
        append: (stream: OwnedStream, firstNumber: number, count: number) =>
          append(pool, stream, firstNumber, count),
        stored: () => storedStreams(pool),
        close: () => database.close(),
      }
      return localSession(appendSession(appender, concurrency, eventsPerAppend))
    },
  }
}

const now = '(extract(epoch from clock_timestamp()) * 1000)::bigint'
const columns =
  'version, recorded_at, partition, schema_version, codec, state, id, stream_id, type, data, metadata'
const insertText = `insert into eventspine.events (${columns}) values ($1, ${now}, 0, 1, 0, 0, $2, $3, $4, $5, $6)`

// The whole literal for each call: objects made by spreading are slow to make and to read in Node 20.
const insertOne = (values: unknown[]) => ({ name: 'insert-one', text: insertText, values })

/** A bare INSERT an event, each a transaction of its own. */
export const bareInsert: RawAppend = async (pool, stream, firstNumber) => {
  await pool.query(insertOne(rowOf(stream, firstNumber, 1)))
}

/** BEGIN, look at the version, INSERT each event, COMMIT. */
export const transaction: RawAppend = async (pool, stream, firstNumber, count) => {
  const client = await pool.connect()
  try {
    await client.query('begin')
    await expectVersion(client, stream)
    for (let index = 0; index < count; index++)
      await client.query(insertOne(rowOf(stream, firstNumber + index, index + 1)))
    await client.query('commit')
  } finally {
    client.release()
  }
}

/** One INSERT of all events, from arrays; the version is left to the unique index. */
export const insertArrays: RawAppend = async (pool, { id, version }, firstNumber, count) => {
  const numbers = Array.from({ length: count }, (_, index) => firstNumber + index)
  await pool.query({
    name: 'insert-arrays',
    text: `insert into eventspine.events (${columns})
      select $1::bigint + n, ${now}, 0, 1, 0, 0, e.id, $2, $3, e.data, e.metadata
      from unnest($4::uuid[], $5::json[], $6::json[]) with ordinality e (id, data, metadata, n)`,
    values: [
      version,
      id,
      ORDER_PLACED,
      numbers.map(() => randomUUID()),
      numbers.map((number) => JSON.stringify(orderData(number))),
      numbers.map((number) => JSON.stringify(orderMetadata(number))),
    ],
  })
}

/** Our own function for a lone commit, called one at a time by `pg`. */
export const ownFunction: RawAppend = async (pool, { id, version }, firstNumber) => {
  const { rows } = await pool.query<{ answer: string }>({
    name: 'append-one',
    text: 'select eventspine.append_one($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) as answer',
    values: [
      2000,
      0,
      id,
      version,
      randomUUID(),
      ORDER_PLACED,
      1,
      0,
      JSON.stringify(orderData(firstNumber)),
      JSON.stringify(orderMetadata(firstNumber)),
    ],
  })
  // A verdict stands behind a second semicolon; without one the event was written.
  if (rows[0]?.answer.split(';').length !== 2) throw new Error(`append_one refused: ${rows[0]?.answer}`)
}

async function expectVersion(client: PoolClient, { id, version }: OwnedStream): Promise<void> {
  const { rows } = await client.query<{ version: string }>({
    name: 'last-version',
    text: 'select version from eventspine.events where stream_id = $1 order by version desc limit 1',
    values: [id],
  })
  const found = Number(rows[0]?.version ?? 0)
  if (found !== version) throw new Error(`stream ${id} is at ${found}, not at ${version}`)
}

function rowOf({ id, version }: OwnedStream, number: number, offset: number): unknown[] {
  const data = JSON.stringify(orderData(number))
  return [version + offset, randomUUID(), id, ORDER_PLACED, data, JSON.stringify(orderMetadata(number))]
}
