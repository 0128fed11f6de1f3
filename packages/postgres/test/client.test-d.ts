import type { PGlite, Transaction as NativeTransaction } from '@electric-sql/pglite'
import type pg from 'pg'
import { expectTypeOf, test } from 'vitest'
import type {
  PgliteClient,
  PgliteTransaction,
  PostgresClient,
  PostgresPool,
  PostgresPoolClient,
} from '../src/client.ts'

declare function clientOf<Client extends PostgresPoolClient>(pool: PostgresPool<Client>): Client
declare function transactionOf<Native extends PgliteTransaction>(client: PgliteClient<Native>): Native
declare const pool: pg.Pool
declare const database: PGlite

test("pg's own classes fit", () => {
  expectTypeOf<pg.Pool>().toExtend<PostgresPool>()
  expectTypeOf<pg.Client>().toExtend<PostgresClient>()
  expectTypeOf<pg.PoolClient>().toExtend<PostgresPoolClient>()
  expectTypeOf(clientOf(pool)).toEqualTypeOf<pg.PoolClient>()
})

test("PGlite's own classes fit", () => {
  expectTypeOf<PGlite>().toExtend<PgliteClient>()
  expectTypeOf(transactionOf(database)).toEqualTypeOf<NativeTransaction>()
})
