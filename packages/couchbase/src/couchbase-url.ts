import { invalidArgument } from '@eventspine/core'
import type { Durability, StoreOptions } from './options.ts'

/** What a URL says: how to reach the servers, where the store is, and its options. */
export interface ParsedCouchbaseUrl {
  /** For the client, without credentials and what is ours. */
  readonly connectionString: string
  readonly username: string
  readonly password: string
  readonly bucket: string
  readonly scope: string | undefined
  readonly collection: string | undefined
  readonly options: Pick<StoreOptions, 'prefix' | 'partitions' | 'durability'>
}

/** Hosts may be several, separated by commas, which a URL does not know. */
const GRAMMAR = /^(couchbases?):\/\/(?:([^@/?]*)@)?([^@/?]+)\/([^/?]+)\/?(?:\?(.*))?$/i

/**
 * Takes a URL apart. Errors do not repeat it, since it may hold a password.
 *
 * @throws {@link EventStoreError} `INVALID_ARGUMENT`.
 */
export function parseCouchbaseUrl(url: string): ParsedCouchbaseUrl {
  const [, scheme, credentials, hosts, bucket, query = ''] =
    (typeof url === 'string' && GRAMMAR.exec(url)) || []
  if (scheme === undefined || hosts === undefined || bucket === undefined)
    throw invalidArgument('url', 'must be a URL such as couchbase://user:password@host/bucket')
  const parameters = new URLSearchParams(query)
  const take = (name: string): string | undefined => {
    const value = parameters.get(name) ?? undefined
    parameters.delete(name)
    return value
  }
  const scope = take('scope')
  const collection = take('collection')
  const prefix = take('prefix')
  const partitions = take('partitions')
  const durability = take('durability')
  if (partitions !== undefined && !/^\d{1,4}$/.test(partitions))
    throw invalidArgument('url', 'partitions must be a number')
  const rest = parameters.toString()
  const colon = credentials?.indexOf(':') ?? -1
  return {
    connectionString: `${scheme.toLowerCase()}://${hosts}${rest === '' ? '' : `?${rest}`}`,
    username: decode(colon < 0 ? (credentials ?? '') : (credentials ?? '').slice(0, colon)),
    password: decode(colon < 0 ? '' : (credentials ?? '').slice(colon + 1)),
    bucket: decode(bucket),
    scope,
    collection,
    options: {
      ...(prefix === undefined ? {} : { prefix }),
      ...(partitions === undefined ? {} : { partitions: Number(partitions) }),
      // Checked with the other options.
      ...(durability === undefined ? {} : { durability: durability as Durability }),
    },
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (cause) {
    if (cause instanceof URIError) throw invalidArgument('url', 'holds a % that begins no character')
    throw cause
  }
}
