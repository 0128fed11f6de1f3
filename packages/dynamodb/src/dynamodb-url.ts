import { invalidArgument } from '@eventspine/core'
import { checkTable, type StoreOptions } from './options.ts'

/** What a URL says: how to reach the service, which table, and the options of the store. */
export interface ParsedDynamodbUrl {
  readonly table: string
  readonly region: string | undefined
  /** `undefined`: the service itself. */
  readonly endpoint: string | undefined
  /** `undefined`: those of the environment, as the client finds them. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined
  readonly options: StoreOptions
}

/**
 * Takes a URL apart. Errors do not repeat it, since it may hold a secret.
 *
 * @throws {@link EventStoreError} `INVALID_ARGUMENT`.
 */
export function parseDynamodbUrl(url: string): ParsedDynamodbUrl {
  if (typeof url !== 'string' || !/^dynamodb:\/\//i.test(url) || !URL.canParse(url)) {
    throw invalidArgument(
      'url',
      'must be a URL such as dynamodb:///table?region=eu-central-1 or dynamodb://host:8000/table?ssl=false',
    )
  }
  const { host, username, password, pathname, searchParams } = new URL(url)
  const take = (name: string): string | undefined => {
    const value = searchParams.get(name) ?? undefined
    searchParams.delete(name)
    return value
  }
  const table = decodeURIComponent(pathname.replace(/^\//, ''))
  const ssl = take('ssl')
  const prefix = take('prefix')
  const partitions = take('partitions')
  const region = take('region')
  const [unknown] = searchParams.keys()
  if (unknown !== undefined) throw invalidArgument('url', `has the unknown parameter "${unknown}"`)
  if (table === '') throw invalidArgument('url', 'must name a table: dynamodb:///table')
  checkTable(table)
  if (ssl !== undefined && ssl !== 'true' && ssl !== 'false')
    throw invalidArgument('url', 'ssl must be true or false')
  if (partitions !== undefined && !/^\d{1,4}$/.test(partitions))
    throw invalidArgument('url', 'partitions must be a number')
  return {
    table,
    region,
    endpoint: host === '' ? undefined : `${ssl === 'false' ? 'http' : 'https'}://${host}`,
    credentials:
      username === ''
        ? undefined
        : { accessKeyId: decodeURIComponent(username), secretAccessKey: decodeURIComponent(password) },
    options: {
      ...(prefix === undefined ? {} : { prefix }),
      ...(partitions === undefined ? {} : { partitions: Number(partitions) }),
    },
  }
}
