import { createDatabase } from '@eventspine/servers'
import { describe, expect, it } from 'vitest'
import { postgres } from '../src/index.ts'
import { poolOf, serverUrl, uniqueSchema } from './backend.ts'
import { counted, refusedWith, useDatabase } from './database.ts'

describe.each(['repeatable read', 'serializable'])(
  'a database whose default isolation is %s',
  (isolation) => {
    it('refuses no append but for its version, and loses and doubles none', async () => {
      await using database = await createDatabase(serverUrl())
      const admin = poolOf(database.url, { max: 1 })
      await admin.query(
        `alter database "${database.name}" set default_transaction_isolation = '${isolation}'`,
      )
      await admin.end()
      const clients = await Promise.all([1, 2, 3].map(() => postgres.connect(database.url, { create: true })))
      try {
        const tries = Array.from({ length: 60 }, async (_, number) => {
          const { store } = clients[number % 3] as (typeof clients)[0]
          const streamId = `counter:${number % 4}`
          for (;;) {
            const { version } = await store.head(streamId)
            try {
              return await store.append(streamId, [counted(number), counted(number)], {
                expectedVersion: version,
              })
            } catch (error) {
              // Anything but a lost race fails the test.
              expect(error).toMatchObject({ code: 'VERSION_CONFLICT' })
            }
          }
        })
        const results = await Promise.all(tries)
        const versions = results.map(({ streamId, version }) => `${streamId} ${version}`)
        expect(new Set(versions).size).toBe(60)
        const feed = await (clients[0] as (typeof clients)[0]).store.feed().toArray()
        expect(feed.map((event) => Number(event.position.split('.')[2]))).toEqual(
          Array.from({ length: 120 }, (_, index) => index + 1),
        )
      } finally {
        await Promise.all(clients.map((client) => client.close()))
      }
    })

    it('still has transactions, removal, import, and documents by revision', async () => {
      await using database = await createDatabase(serverUrl())
      const admin = poolOf(database.url, { max: 1 })
      await admin.query(
        `alter database "${database.name}" set default_transaction_isolation = '${isolation}'`,
      )
      await admin.end()
      await using backend = await postgres.connect(database.url, { create: true })
      await using other = await postgres.connect(database.url)
      const { store, documents } = backend
      await backend.transaction(async (transaction) => {
        await transaction.store.append('counter:1', [counted(1), counted(2)])
        await transaction.store.append('counter:1', [counted(3)], { expectedVersion: 2 })
      })
      await store.truncate('counter:1', { before: 2 })
      const [, second] = await store.feed().toArray()
      await store.import([
        { ...(second?.toJSON() as object), streamId: 'counter:2', streamPosition: 7 } as never,
      ])
      await store.delete('counter:1')
      expect(await store.head('counter:1')).toMatchObject({ version: 3, deleted: true })
      expect((await store.read('counter:2').toArray()).map(({ streamPosition }) => streamPosition)).toEqual([
        7,
      ])

      const notes = documents.collection<number>('notes')
      const same = other.documents.collection<number>('notes')
      const revision = await notes.put('n', 0)
      const writers = Array.from({ length: 10 }, (_, number) =>
        (number % 2 === 0 ? notes : same).put('n', number, { expectedRevision: { revision } }).then(
          () => 'written',
          (error: { code: string }) => error.code,
        ),
      )
      expect((await Promise.all(writers)).sort()).toEqual([...Array(9).fill('REVISION_CONFLICT'), 'written'])
    })
  },
)

describe("a transaction of the caller's", () => {
  const database = useDatabase()

  it.each(['repeatable read', 'serializable'])(
    'that is %s is told so and stays usable',
    async (isolation) => {
      const pool = database.pool()
      await using backend = await postgres({ pool, schema: uniqueSchema(), create: true })
      const client = await pool.connect()
      await client.query(`begin isolation level ${isolation}`)
      const { store } = backend.within(client)
      for (const work of [
        () => store.append('counter:1', [counted(1)]),
        () => store.commit({ streams: ['a', 'b'].map((streamId) => ({ streamId, events: [counted(1)] })) }),
        () => store.delete('counter:1', { expectedVersion: 'any' }),
      ]) {
        expect(await refusedWith(work)).toMatchObject({ code: 'NOT_SUPPORTED', outcome: 'not-applied' })
      }
      expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }])
      await client.query('commit')
      client.release()
      expect(await backend.store.feed().toArray()).toEqual([])
    },
  )
})
