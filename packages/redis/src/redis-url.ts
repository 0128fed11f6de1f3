import { invalidArgument } from '@eventspine/core'
import type { StoreOptions } from './options.ts'

/** What a URL says: how to reach the servers, and the options of the store. */
export interface ParsedRedisUrl {
  readonly cluster: boolean
  readonly tls: boolean
  /** Of a single server, without our own parameters: what is left is the client's. */
  readonly url: string
  /** Of a cluster. */
  readonly nodes: readonly { readonly host: string; readonly port: number }[]
  /** Of a cluster. */
  readonly auth: { readonly username?: string; readonly password?: string }
  readonly options: StoreOptions
  /** Of a stream; `undefined`: the URL is that of a store. */
  readonly topic: string | undefined
}

const CLUSTER = /^redis(s?)-cluster:\/\/(?:([^@/?]*)@)?([^@/?]+)\/?(?:\?(.*))?$/i
const DEFAULT_PORT = 6379

/**
 * Takes a URL apart. Errors do not repeat it, since it may hold a password.
 *
 * @throws {@link EventStoreError} `INVALID_ARGUMENT`.
 */
export function parseRedisUrl(url: string): ParsedRedisUrl {
  const match = typeof url === 'string' ? CLUSTER.exec(url) : null
  if (match !== null) return parseCluster(match)
  if (typeof url !== 'string' || !/^rediss?:\/\//i.test(url) || !URL.canParse(url)) {
    throw invalidArgument(
      'url',
      'must be a URL such as redis://host:6379 or redis-cluster://host:7000,host:7001',
    )
  }
  const parsed = new URL(url)
  const topic = takeTopic(parsed.searchParams)
  const options = takeOptions(parsed.searchParams)
  const tls = /^rediss:/i.test(url)
  return { cluster: false, tls, url: parsed.href, nodes: [], auth: {}, options, topic }
}

function parseCluster([, secure, credentials, hosts = '', query = '']: RegExpExecArray): ParsedRedisUrl {
  const nodes = hosts.split(',').map((node) => {
    const [, host, port] = /^(\[[0-9a-f:]+\]|[^:[\]]+)(?::(\d{1,5}))?$/i.exec(node) ?? []
    if (host === undefined) throw invalidArgument('url', 'must name hosts with ports, separated by commas')
    return { host: host.replaceAll(/[[\]]/g, ''), port: Number(port ?? DEFAULT_PORT) }
  })
  const parameters = new URLSearchParams(query)
  const topic = takeTopic(parameters)
  const options = takeOptions(parameters)
  const [unknown] = parameters.keys()
  if (unknown !== undefined) throw invalidArgument('url', `has the unknown parameter "${unknown}"`)
  const auth = parseCredentials(credentials)
  return { cluster: true, tls: secure !== '', url: '', nodes, auth, options, topic }
}

function parseCredentials(credentials: string | undefined): ParsedRedisUrl['auth'] {
  if (credentials === undefined || credentials === '') return {}
  const colon = credentials.indexOf(':')
  const username = decodeURIComponent(colon < 0 ? credentials : credentials.slice(0, colon))
  const password = colon < 0 ? '' : decodeURIComponent(credentials.slice(colon + 1))
  return { ...(username === '' ? {} : { username }), ...(password === '' ? {} : { password }) }
}

function takeTopic(parameters: URLSearchParams): string | undefined {
  const topic = parameters.get('topic') ?? undefined
  parameters.delete('topic')
  return topic
}

function takeOptions(parameters: URLSearchParams): StoreOptions {
  const take = (name: string): string | undefined => {
    const value = parameters.get(name) ?? undefined
    parameters.delete(name)
    return value
  }
  const prefix = take('prefix')
  const partitions = take('partitions')
  const feed = take('feed')
  if (partitions !== undefined && !/^\d{1,4}$/.test(partitions))
    throw invalidArgument('url', 'partitions must be a number')
  if (feed !== undefined && feed !== 'reference' && feed !== 'body')
    throw invalidArgument('url', 'feed must be reference or body')
  return {
    ...(prefix === undefined ? {} : { prefix }),
    ...(partitions === undefined ? {} : { partitions: Number(partitions) }),
    ...(feed === undefined ? {} : { feed }),
  }
}
