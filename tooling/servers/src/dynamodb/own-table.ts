import { randomUUID } from 'node:crypto'
import { dynamodbClient } from './dynamodb-client.ts'

const deadlineMs = 30_000

/** A table of one's own, for a test that must not meet another. */
export interface OwnTable extends AsyncDisposable {
  /** The server's URL with the name of the table as its path, as the DynamoDB adapter takes it. */
  readonly url: string
  /** What clients of the vendor are given as their endpoint; `undefined` for the service itself. */
  readonly endpoint: string | undefined
  readonly table: string
  /** Removes the table, where it was made. */
  remove(): Promise<void>
}

/**
 * Thinks of the name of a table that nobody else uses. It makes none: how a table is made is the adapter's affair.
 *
 * @param url - `dynamodb://…`, without a table.
 */
export function ownTable(url: string): OwnTable {
  const table = `eventspine-test-${randomUUID()}`
  const address = new URL(url)
  address.pathname = `/${table}`
  const scheme = address.searchParams.get('ssl') === 'false' ? 'http' : 'https'
  const remove = async (): Promise<void> => {
    const client = await dynamodbClient(url, deadlineMs)
    try {
      await client.deleteTable({ TableName: table })
    } catch (error) {
      const isAbsent = error instanceof Error && error.name === 'ResourceNotFoundException'
      if (!isAbsent) throw error
    } finally {
      client.destroy()
    }
  }
  return {
    url: address.href,
    endpoint: address.host === '' ? undefined : `${scheme}://${address.host}`,
    table,
    remove,
    [Symbol.asyncDispose]: remove,
  }
}
