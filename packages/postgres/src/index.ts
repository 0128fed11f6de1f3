export type {
  PgliteClient,
  PgliteQueryOptions,
  PgliteTransaction,
  PostgresClient,
  PostgresPool,
  PostgresPoolClient,
  PostgresQuery,
  QueryResult,
} from './client.ts'
export { createSchema } from './create-schema.ts'
export type { PostgresBackend } from './open-store.ts'
export { openUrl } from './open-url.ts'
export type { StoreOptions } from './options.ts'
export { pglite, type PgliteConnection, type PgliteOptions } from './pglite.ts'
export {
  postgres,
  type PostgresConnection,
  type PostgresConnectOptions,
  type PostgresOptions,
} from './postgres.ts'
export { schemaSql } from './schema.ts'
