import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { type Backend, invalidArgument } from '@eventspine/core'
import { parseDynamodbUrl } from './dynamodb-url.ts'
import { Keys } from './keys.ts'
import { writeManifest } from './manifest.ts'
import { openStore } from './open-store.ts'
import { resolveOptions, type StoreOptions } from './options.ts'
import { type ClientOptions, createClient } from './own-client.ts'
import { Table } from './table.ts'

export interface DynamodbOptions extends StoreOptions {
  /** A client of `@aws-sdk/client-dynamodb`. It is never ended, and nothing about it is changed. */
  readonly client: DynamoDBClient
  /** Name or ARN. */
  readonly table: string
}

export interface DynamodbConnectOptions extends StoreOptions, ClientOptions {}

/**
 * Opens the store in a table through a client of yours.
 *
 * @throws {@link EventStoreError} `STORE_MISSING`, `STORE_INCOMPATIBLE`, `ACCESS_DENIED`, `BACKEND_UNAVAILABLE`, …. Nothing was
 *   written, unless `create` is set.
 */
async function open(options: DynamodbOptions): Promise<Backend> {
  const client = checkClient(options?.client)
  return openStore(client, resolveOptions(options), () => undefined)
}

/**
 * Opens the store that a URL names, with a client of its own, which `close()` ends: `dynamodb:///table?region=eu-central-1` for
 * the service, with the credentials of the environment; `dynamodb://id:secret@host:port/table?region=local&ssl=false` for
 * an emulator. The query may also hold `prefix` and `partitions`.
 */
async function connect(url: string, options: DynamodbConnectOptions = {}): Promise<Backend> {
  const parsed = parseDynamodbUrl(url)
  const { connectTimeoutMs, replyTimeoutMs, ...rest } = { ...parsed.options, ...withoutUndefined(options) }
  const resolved = resolveOptions({ ...rest, table: parsed.table })
  const client = createClient(parsed, { connectTimeoutMs, replyTimeoutMs })
  try {
    return await openStore(client, resolved, () => client.destroy())
  } catch (error) {
    client.destroy()
    throw error
  }
}

/** Opens a store in DynamoDB: `dynamodb({ client, table })` with a client of yours, `dynamodb.connect(url)` with its own. */
export const dynamodb = Object.assign(open, { connect })

/**
 * Writes the manifest of a new store into a table, whose `partitions` are fixed for its life. One that is there stays as it
 * is.
 *
 * @throws {@link EventStoreError} as opening does. Nothing was written, unless the outcome is `unknown`.
 */
export async function createStore(
  client: DynamoDBClient,
  options: Pick<StoreOptions, 'prefix' | 'partitions'> & { readonly table: string },
): Promise<void> {
  const { table, prefix, partitions } = resolveOptions(options)
  await writeManifest(new Table(checkClient(client), table), new Keys(prefix), partitions)
}

function checkClient(client: DynamoDBClient | undefined): DynamoDBClient {
  if (typeof client?.send !== 'function')
    throw invalidArgument('client', "must be a DynamoDBClient of '@aws-sdk/client-dynamodb'")
  return client
}

/** An option that is given as undefined must not hide what the URL says. */
function withoutUndefined<Options extends object>(options: Options): Options {
  // Takes away only what counts as absent by the option's type.
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Options
}
