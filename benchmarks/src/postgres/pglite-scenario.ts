import { randomUUID } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { pglite } from '@eventspine/postgres'
import type { Candidate } from '../harness/compare.ts'
import { localSession } from '../harness/session.ts'
import { scratchDirectory } from '../report/directories.ts'
import type { Scenario } from '../target.ts'
import { type Appender, appendSession } from '../workload/append-session.ts'
import { ORDER_PLACED, orderData, orderEvent, orderMetadata } from '../workload/order-event.ts'
import type { StoredStream } from '../workload/owned-streams.ts'

/** A store of its own within the one database: opening another database takes seconds. */
interface SliceStore {
  readonly client: PGlite
  readonly schema: string
}

/** See its question. */
export const pgliteAppends: Scenario = {
  name: 'pglite',
  question: 'What does grouping commits gain on PGlite, over its own appends one at a time?',
  async run(context) {
    const folder = join(scratchDirectory, `pglite-${randomUUID()}`)
    await mkdir(folder, { recursive: true })
    const client = await PGlite.create(folder)
    const { rows } = await client.query<{ version: string; fsync: string }>(
      `select current_setting('server_version') as version, current_setting('fsync') as fsync`,
    )
    context.note(`PGlite is PostgreSQL ${rows[0]?.version}, in a folder, fsync ${rows[0]?.fsync}.`)
    for (const concurrency of [1, 64]) {
      await context.compare(
        {
          title: `PGlite: append 1 event, ${concurrency} in flight`,
          concurrency,
          base: 'our function one at a time',
          candidates: [
            candidate('Eventspine', client, ourAppender),
            candidate('our function one at a time', client, ownFunction),
            candidate('BEGIN SELECT INSERT COMMIT', client, transaction),
          ],
        },
        { serverPid: undefined },
      )
    }
    await client.close()
    await rm(folder, { recursive: true })
  },
}

type Append = Appender['append']

function candidate(name: string, client: PGlite, open: (store: SliceStore) => Promise<Append>): Candidate {
  return {
    name,
    async open(concurrency) {
      const store = { client, schema: `slice_${randomUUID().replaceAll('-', '')}` }
      const append = await open(store)
      const appender: Appender = {
        append,
        stored: () => storedStreams(store),
        async close() {
          await client.exec(`drop schema ${store.schema} cascade`)
        },
      }
      return localSession(appendSession(appender, concurrency, 1))
    },
  }
}

const ourAppender = async ({ client, schema }: SliceStore): Promise<Append> => {
  const { store } = await pglite({ client, schema, create: true })
  return async ({ id, version }, firstNumber) => {
    await store.append(id, [orderEvent(firstNumber)], { expectedVersion: version })
  }
}

const ownFunction = async ({ client, schema }: SliceStore): Promise<Append> => {
  await pglite({ client, schema, create: true })
  const text = `select ${schema}.append_one($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) as answer`
  return async ({ id, version }, number) => {
    const { rows } = await client.query<{ answer: string }>(text, [
      2000,
      0,
      id,
      version,
      ...eventValues(number),
    ])
    if (rows[0]?.answer.split(';').length !== 2) throw new Error(`append_one refused: ${rows[0]?.answer}`)
  }
}

const transaction = async ({ client, schema }: SliceStore): Promise<Append> => {
  await pglite({ client, schema, create: true })
  const columns =
    'version, recorded_at, partition, codec, state, position, stream_id, id, type, schema_version, data, metadata'
  await client.exec(`create sequence ${schema}.position`)
  const now = '(extract(epoch from clock_timestamp()) * 1000)::bigint'
  const insert = `insert into ${schema}.events (${columns})
    values ($1, ${now}, 0, 0, 0, nextval('${schema}.position'), $2, $3, $4, $5, $6, $7)`
  const select = `select version from ${schema}.events where stream_id = $1 order by version desc limit 1`
  return async ({ id, version }, number) => {
    await client.transaction(async (tx) => {
      const { rows } = await tx.query<{ version: number }>(select, [id])
      if ((rows[0]?.version ?? 0) !== version) throw new Error(`stream ${id} is not at ${version}`)
      const [eventId, type, schemaVersion, , data, metadata] = eventValues(number)
      await tx.query(insert, [version + 1, id, eventId, type, schemaVersion, data, metadata])
    })
  }
}

/** Id, type, schema version, codec, data and metadata. */
function eventValues(number: number): readonly unknown[] {
  return [
    randomUUID(),
    ORDER_PLACED,
    1,
    0,
    JSON.stringify(orderData(number)),
    JSON.stringify(orderMetadata(number)),
  ]
}

async function storedStreams({ client, schema }: SliceStore): Promise<readonly StoredStream[]> {
  const { rows } = await client.query<{ id: string; events: number; last: number }>(
    `select stream_id as id, count(*)::int as events, max(version)::int as last from ${schema}.events group by stream_id`,
  )
  return rows.map(({ id, events, last }) => ({ id, events, lastVersion: last }))
}
