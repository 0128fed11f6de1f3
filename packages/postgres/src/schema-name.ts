import { invalidArgument } from '@eventspine/core'

// 63 bytes: what PostgreSQL keeps of a name, and it cuts off the rest without a word.
// https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS
const NAME = /^[a-z_][a-z0-9_]{0,62}$/

/**
 * Checks the name of a schema and quotes it as an identifier. Only what needs no quotes is allowed: then the name
 * is the same in a configuration, in `psql` and in here.
 *
 * @throws {@link EventStoreError} `INVALID_ARGUMENT`.
 */
export function quoteSchema(schema: unknown): string {
  if (typeof schema !== 'string' || !NAME.test(schema) || schema.startsWith('pg_')) {
    throw invalidArgument(
      'schema',
      'must be 1 to 63 lower-case letters, digits and underscores, not starting with a digit or pg_',
    )
  }
  // Quoted all the same: some words (user, order) are reserved.
  return `"${schema}"`
}
