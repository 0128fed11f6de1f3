import { partitionOf } from '@eventspine/core'
import { createSchema, postgres, type PostgresBackend } from '@eventspine/postgres'
import { createDatabase, type OwnDatabase } from '@eventspine/servers'
import { Pool, type PoolClient } from 'pg'
import { beforeEach, describe, expect, it } from 'vitest'
import { golden, withBytes } from './golden-vectors.ts'

const PARTITIONS = 4
const streamId = 'bank-account:42'
const partition = partitionOf(streamId, PARTITIONS)
const columns =
  'partition, position, stream_id, version, id, type, schema_version, codec, data::text, metadata::text, state'

let database: OwnDatabase
let pool: Pool
let backend: PostgresBackend<PoolClient>

beforeEach(async () => {
  database = await createDatabase(process.env['EVENTSPINE_TEST_POSTGRES'] ?? '')
  pool = new Pool({ connectionString: database.url })
  pool.on('error', () => undefined)
  await createSchema(pool, { partitions: PARTITIONS })
  backend = await postgres({ pool })
  return async () => {
    await backend.close()
    await pool.end()
    await database.drop()
  }
})

function rowOf(index: number) {
  const { id, type, schemaVersion, codec, data, metadata } = golden.events[index]?.stored ?? {}
  const place = { partition, position: String(index + 1), stream_id: streamId, version: String(index + 1) }
  return { ...place, id, type, schema_version: schemaVersion, codec, data, metadata, state: 0 }
}

const vectorRows = golden.events.map((_, index) => rowOf(index))

describe('the tables of docs/wire.md', () => {
  it('hold the vectors after an append', async () => {
    await backend.store.append(
      streamId,
      golden.events
        .map(({ given }) => withBytes(given))
        .map((event, index) => ({ ...event, id: idOf(index) })),
    )
    const { rows } = await pool.query(`select ${columns} from eventspine.events order by partition, position`)
    expect(rows).toEqual(vectorRows.map((row, index) => ({ ...row, id: idOf(index) })))
    const { rows: manifests } = await pool.query(
      'select format_version, incarnation, partitions, hash, codec from eventspine.store',
    )
    const { incarnation } = backend.store
    expect(manifests).toEqual([
      { format_version: 1, incarnation, partitions: PARTITIONS, hash: 'murmur2', codec: 'json' },
    ])
    const { rows: partitions } = await pool.query('select * from eventspine.partitions order by partition')
    expect(partitions).toEqual([0, 1, 2, 3].map((number) => ({ partition: number, sealed: false })))
  })

  it('are read when another program has written them by the rules', async () => {
    const client = await pool.connect()
    await client.query('begin isolation level read committed')
    await client.query(
      'select sealed from eventspine.partitions where partition = any ($1) order by partition for no key update',
      [[partition]],
    )
    for (const row of vectorRows) {
      await client.query(
        `insert into eventspine.events
          (partition, position, stream_id, version, id, type, schema_version, codec, data, metadata, state, recorded_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
        [...Object.values(row), 1_795_000_000_000],
      )
    }
    await client.query('commit')
    client.release()
    const events = await backend.store.feed({ partition }).toArray()
    expect(events.map(({ data }) => data)).toEqual(golden.events.map(({ given }) => withBytes(given).data))
    expect(events.map(({ tags }) => tags)).toEqual(golden.events.map(({ given }) => given.tags ?? []))
    expect(events.map(({ occurredAt }) => occurredAt)).toEqual(
      golden.events.map(({ given }) => given.occurredAt),
    )
    expect(events[0]?.timestamp).toBe(new Date(1_795_000_000_000).toISOString())
    const { version } = await backend.store.append(streamId, [{ type: 'Noted', data: {} }], {
      expectedVersion: golden.events.length,
    })
    expect(version).toBe(golden.events.length + 1)
    expect((await backend.store.feed({ partition, after: events.at(-1)?.position }).toArray()).length).toBe(1)
  })

  it('mark what was removed, and what was deleted', async () => {
    const note = { type: 'Noted', data: { text: 'x' }, metadata: { user: 'ada' } }
    await backend.store.append(streamId, [note, note, note])
    await backend.store.truncate(streamId, { before: 2 })
    const states = async (): Promise<unknown> => {
      const { rows } = await pool.query(
        'select version, state, codec, data::text, metadata::text from eventspine.events order by version',
      )
      return rows
    }
    const tombstone = { codec: 0, data: 'null', metadata: '{}' }
    const event = { state: 0, codec: 0, data: '{"text":"x"}', metadata: '{"user":"ada"}' }
    expect(await states()).toEqual([
      { version: '1', state: 1, ...tombstone },
      { version: '2', ...event },
      { version: '3', ...event },
    ])
    await backend.store.delete(streamId)
    await backend.store.append(streamId, [note], { expectedVersion: 3 })
    expect(await states()).toEqual([
      { version: '1', state: 1, ...tombstone },
      { version: '2', state: 1, ...tombstone },
      { version: '3', state: 2, ...tombstone },
      { version: '4', ...event },
    ])
  })

  it('hold documents with the revision that users see', async () => {
    const revision = await backend.documents
      .collection('notes')
      .put('n', { text: 'x' }, { partition: 2, expiresInMs: 60_000 })
    const { rows } = await pool.query(
      'select collection, partition, key, value::text, revision, expires_at > 0 as expires from eventspine.documents',
    )
    expect(rows).toEqual([
      { collection: 'notes', partition: 2, key: 'n', value: '{"text":"x"}', revision, expires: true },
    ])
  })
})

/** The vectors share an id, which one append cannot. */
function idOf(index: number): string {
  return `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`
}
